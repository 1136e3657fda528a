package io.eventfdd.bench;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;

/**
 * {@code Flow producer|consumer SECONDS}: how many signals a second one process gives to another,
 * counted where they arrive. The second half of the time counts.
 */
final class Flow {
    /** Above all signals: one in the sum where the first half ends, two where the second does. */
    private static final long MARK = 1L << 40;

    private static final int BATCH = 1000;

    private Flow() {}

    public static void main(String[] arguments) throws InterruptedException {
        double half = Double.parseDouble(arguments[1]) / 2;
        try (var client = EventfddClient.connect();
                var ready = client.open("flow-ready", EventfdSpec.counter());
                var flow = client.open("flow", EventfdSpec.counter())) {
            if (arguments[0].equals("producer")) {
                for (int i = 0; i < 2; i++) {
                    ready.read();
                    produce(flow, half);
                }
            } else {
                ready.write(1);
                long begun = sumFrom(0, MARK, flow);
                ready.write(1); // so that no read takes both marks
                long start = System.nanoTime();
                long sum = sumFrom(begun, 2 * MARK, flow);
                long time = System.nanoTime() - start;
                System.out.println((sum - begun - MARK) * 1e9 / time);
            }
        }
    }

    private static void produce(Eventfd flow, double seconds) {
        long start = System.nanoTime();
        do {
            for (int i = 0; i < BATCH; i++) {
                flow.write(1);
            }
        } while (System.nanoTime() - start < seconds * 1e9);
        flow.write(MARK);
    }

    /** Reads on from {@code sum} until it is {@code end} or more. */
    private static long sumFrom(long sum, long end, Eventfd flow) throws InterruptedException {
        long reached = sum;
        while (reached < end) {
            reached += flow.read();
        }
        return reached;
    }
}
