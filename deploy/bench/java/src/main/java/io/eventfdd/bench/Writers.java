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
 * {@code Writers eventfdd|lettuce|jedis PORT THREADS AGE SECONDS}: threads that share one client,
 * and add 1 to one counter again and again. It prints how many additions a second they make
 * together, in the {@code SECONDS} after the JVM has come to {@code AGE}. eventfdd is called over
 * HTTP. Redis is asked for INCR at {@code PORT} of 127.0.0.1: with Lettuce over the one connection
 * that its threads share, with Jedis over a pool with one for each thread.
 */
final class Writers {
    private static final String NAME = "w";

    private Writers() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[1]);
        int threads = Integer.parseInt(arguments[2]);
        double age = Double.parseDouble(arguments[3]);
        double seconds = Double.parseDouble(arguments[4]);
        switch (arguments[0]) {
            case "eventfdd" -> {
                var builder = EventfddClient.builder().transport(Transport.HTTP);
                try (var client = builder.connect();
                        var counter = client.open(NAME, EventfdSpec.counter())) {
                    print(threads, age, seconds, () -> counter.write(1));
                }
            }
            case "lettuce" -> {
                try (var client = RedisClient.create(RedisURI.create("127.0.0.1", port));
                        var connection = client.connect()) {
                    var commands = connection.sync();
                    print(threads, age, seconds, () -> commands.incr(NAME));
                }
            }
            case "jedis" -> {
                var pool = new ConnectionPoolConfig();
                pool.setMaxTotal(threads);
                pool.setMaxIdle(threads);
                try (var client = new JedisPooled(pool, "127.0.0.1", port)) {
                    print(threads, age, seconds, () -> client.incr(NAME));
                }
            }
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void print(int threads, double age, double seconds, Runnable write)
            throws Exception {
        double now = ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
        rate(threads, Math.max(0, age - now), write);
        System.out.println(rate(threads, seconds, write));
    }

    private static double rate(int threads, double seconds, Runnable write) throws Exception {
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        try (var all = Executors.newFixedThreadPool(threads)) {
            List<Future<Long>> counts = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                counts.add(
                        all.submit(() -> {
                            long count = 0;
                            do {
                                write.run();
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
