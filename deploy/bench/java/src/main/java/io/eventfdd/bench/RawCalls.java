package io.eventfdd.bench;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import java.util.concurrent.TimeUnit;

/** The calls of a raw handle that find what they want at once. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RawCalls {
    private static final long MOST_PERMITS = (1L << 32) - 1;

    private final EventfddClient client = EventfddClient.connect();
    private final Eventfd counter = client.open("raw-counter", EventfdSpec.counter());

    /** Enough to read for the whole run, one at a time. */
    private final Eventfd full = client.open("raw-full", EventfdSpec.semaphoreOf(MOST_PERMITS));

    /** Ends the names too: the next run finds a full semaphore. */
    @TearDown
    public void close() {
        client.delete("raw-counter");
        client.delete("raw-full");
        client.close();
    }

    /** One write. */
    @Benchmark
    public void write() {
        counter.write(1);
    }

    /** One read. */
    @Benchmark
    public long read() throws InterruptedException {
        return full.read();
    }

    /** One write and the read that takes it. */
    @Benchmark
    public long pair() throws InterruptedException {
        counter.write(1);
        return counter.read();
    }
}
