package io.eventfdd.bench;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;

import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.JedisPooled;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * {@code Callers write|read eventfdd|lettuce|jedis PORT THREADS AGE SECONDS}: threads that share
 * one client, and make the same call again and again, which does not wait: a write adds 1 to a
 * counter, a read takes one of very many permits. It prints how many calls a second they make
 * together, in the {@code SECONDS} after the JVM has come to {@code AGE}. eventfdd is called over
 * HTTP. Redis is asked for INCR or DECR at {@code PORT} of 127.0.0.1: with Lettuce over the one
 * connection that its threads share, with Jedis over a pool with one for each thread.
 */
final class Callers {
    private static final long MOST_PERMITS = (1L << 32) - 1;

    private Callers() {}

    public static void main(String[] arguments) throws Exception {
        boolean reads = arguments[0].equals("read");
        int port = Integer.parseInt(arguments[2]);
        int threads = Integer.parseInt(arguments[3]);
        double age = Double.parseDouble(arguments[4]);
        double seconds = Double.parseDouble(arguments[5]);
        switch (arguments[1]) {
            case "eventfdd" -> {
                var builder = EventfddClient.builder().transport(Transport.HTTP);
                try (var client = builder.connect();
                        var counter = client.open("w", EventfdSpec.counter());
                        var permits = client.open("r", EventfdSpec.semaphoreOf(MOST_PERMITS))) {
                    Runnable read = () -> permits.tryRead().orElseThrow();
                    print(threads, age, seconds, reads ? read : () -> counter.write(1));
                }
            }
            case "lettuce" -> {
                try (var client = RedisClient.create(RedisURI.create("127.0.0.1", port));
                        var connection = client.connect()) {
                    var commands = connection.sync();
                    Runnable read = () -> commands.decr("r");
                    print(threads, age, seconds, reads ? read : () -> commands.incr("w"));
                }
            }
            case "jedis" -> {
                var pool = new ConnectionPoolConfig();
                pool.setMaxTotal(threads);
                pool.setMaxIdle(threads);
                try (var client = new JedisPooled(pool, "127.0.0.1", port)) {
                    Runnable read = () -> client.decr("r");
                    print(threads, age, seconds, reads ? read : () -> client.incr("w"));
                }
            }
            default -> throw new IllegalArgumentException(arguments[1]);
        }
    }

    private static void print(int threads, double age, double seconds, Runnable call)
            throws Exception {
        double now = ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
        rate(threads, Math.max(0, age - now), call);
        System.out.println(rate(threads, seconds, call));
    }

    private static double rate(int threads, double seconds, Runnable call) throws Exception {
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        try (var all = Executors.newFixedThreadPool(threads)) {
            List<Future<Long>> counts = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                counts.add(
                        all.submit(() -> {
                            long count = 0;
                            do {
                                call.run();
                                count++;
                            } while (System.nanoTime() < end);
                            return count;
                        }));
            }
            long sum = 0;
            for (var count : counts) {
                sum += count.get();
            }
            return sum / ((System.nanoTime() - start) / 1e9);
        }
    }
}
