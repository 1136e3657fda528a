package io.eventfdd.bench;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * {@code Wake WAITERS SECONDS PERCENT}: nanoseconds from a write until the last of so many virtual
 * threads, which all wait for the same eventfd, runs again; the percentile of the later half of as
 * many waves as there is time for.
 */
final class Wake {
    private Wake() {}

    public static void main(String[] arguments) throws InterruptedException {
        int waiters = Integer.parseInt(arguments[0]);
        double seconds = Double.parseDouble(arguments[1]);
        double percent = Double.parseDouble(arguments[2]);
        try (var client = EventfddClient.connect();
                var eventfd = client.open("wake", EventfdSpec.counter())) {
            List<Long> times = new ArrayList<>();
            long start = System.nanoTime();
            do {
                times.add(wave(eventfd, waiters));
            } while (System.nanoTime() - start < seconds * 1e9);
            var warm = times.subList(times.size() / 2, times.size()).stream().sorted().toList();
            System.out.println(warm.get((int) (warm.size() * percent / 100)));
        }
    }

    private static long wave(Eventfd eventfd, int waiters) throws InterruptedException {
        var waiting = new CountDownLatch(waiters);
        var woken = new CountDownLatch(waiters);
        for (int i = 0; i < waiters; i++) {
            Thread.startVirtualThread(() -> {
                waiting.countDown();
                try {
                    eventfd.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                woken.countDown();
            });
        }
        waiting.await();
        // they say so before they park: the rest of the way takes microseconds
        Thread.sleep(1 + waiters / 1000);
        long start = System.nanoTime();
        eventfd.write(1);
        woken.await();
        long time = System.nanoTime() - start;
        eventfd.read();
        return time;
    }
}
