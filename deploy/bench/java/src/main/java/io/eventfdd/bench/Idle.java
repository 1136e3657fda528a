package io.eventfdd.bench;

import com.sun.management.OperatingSystemMXBean;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;

import java.lang.management.ManagementFactory;

/**
 * {@code Idle WARMUP SECONDS}: a thread that waits for a signal that does not come. It prints the
 * processor time of the process, as a percentage of one processor.
 */
final class Idle {
    private Idle() {}

    /** A wait that an interrupt ends. */
    interface Wait {
        void run() throws InterruptedException;
    }

    public static void main(String[] arguments) throws InterruptedException {
        double warmup = Double.parseDouble(arguments[0]);
        double seconds = Double.parseDouble(arguments[1]);
        try (var client = EventfddClient.connect();
                var eventfd = client.open("idle", EventfdSpec.counter())) {
            System.out.println(share(eventfd::await, warmup, seconds));
        }
    }

    /** The percentage of a processor that this process takes while {@code wait} lasts. */
    static double share(Wait wait, double warmup, double seconds) throws InterruptedException {
        var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        var thread =
                new Thread(() -> {
                    try {
                        wait.run();
                    } catch (InterruptedException e) {
                        // That is the end.
                    }
                });
        thread.start();
        Thread.sleep(Math.round(warmup * 1000));
        long start = System.nanoTime();
        long before = system.getProcessCpuTime();
        Thread.sleep(Math.round(seconds * 1000));
        double share = 100.0 * (system.getProcessCpuTime() - before) / (System.nanoTime() - start);
        thread.interrupt();
        thread.join();
        return share;
    }
}
