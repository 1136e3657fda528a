package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.NotFoundException;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.wire.Json;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;

@Command(
        name = "bench",
        description = {
            "Measures how long raw and HTTP calls take here.",
            "The times are in microseconds (us). They only give an idea: it runs for three seconds,"
                    + " Java has just started, and other programs run beside it.",
            "A raw pair is a signal to another thread and one back. A wake-up is the time from a"
                    + " write to the return of the read that waited for it."
        },
        footer = {"", "Example: eventfdd bench -o json"})
final class BenchCommand extends DaemonCommand {
    private static final List<String> HEAD = List.of("WHAT", "MEDIAN", "MIN", "MAX");

    /** So many calls that the clock does not count. */
    private static final int BATCH = 200;

    private final List<Measurement> measured = new ArrayList<>();

    @Mixin private final Format format = new Format();

    @Override
    ExitStatus run(EventfddClient client) throws Exception {
        var name = "bench-" + ProcessHandle.current().pid();
        try (var _ = EndAct.of(() -> delete(name))) {
            measureRaw(name);
            measureHttp(client, name);
        }
        print();
        return ExitStatus.DONE;
    }

    private void delete(String name) {
        try (var client = connect(Transport.HTTP)) {
            client.list(name + ".").forEach(state -> delete(client, state.name()));
        } catch (EventfddException e) {
            complain(name + " may be left: " + e.getMessage());
        }
    }

    private static void delete(EventfddClient client, String name) {
        try {
            client.delete(name);
        } catch (NotFoundException e) {
            // the measurement has deleted it itself meanwhile
        }
    }

    private void measureRaw(String name) throws Exception {
        try (var raw = connect(Transport.RAW)) {
            measureRaw(raw, name);
        } catch (EventfddException | LinkageError e) {
            complain("raw calls: " + e.getMessage());
        }
    }

    private void measureRaw(EventfddClient raw, String name) throws Exception {
        try (var there = opened(raw, name + ".there", EventfdSpec.counter());
                var back = opened(raw, name + ".back", EventfdSpec.counter());
                var full =
                        opened(raw, name + ".full", EventfdSpec.semaphoreOf(Count.MAX_INITIAL))) {
            measured.add(Measurement.of("raw write", BATCH, () -> there.write(1)));
            measured.add(Measurement.of("raw read", BATCH, full::read));
            var _ = there.tryRead();
            var echo =
                    new FutureTask<Void>(() -> {
                        while (there.read() == 1) {
                            back.write(1);
                        }
                        return null;
                    });
            new Thread(echo, "echo").start();
            measured.add(
                    Measurement.of(
                            "raw pair",
                            1,
                            () -> {
                                there.write(1);
                                back.read();
                            }));
            there.write(2);
            echo.get();
        }
    }

    /** Opens a new one and takes its name away, so that nothing is left of it however this ends. */
    private static Eventfd opened(EventfddClient raw, String name, EventfdSpec spec) {
        var eventfd = raw.create(name, spec);
        raw.delete(name);
        return eventfd;
    }

    private void measureHttp(EventfddClient client, String name) throws Exception {
        try (var written = client.create(name + ".written", EventfdSpec.counter());
                var full =
                        client.create(name + ".full", EventfdSpec.semaphoreOf(Count.MAX_INITIAL));
                var awaited = client.create(name + ".awaited", EventfdSpec.counter())) {
            measured.add(Measurement.of("HTTP write", 1, () -> written.write(1)));
            measured.add(Measurement.of("HTTP read", 1, full::read));
            measured.add(Measurement.ofTimes("HTTP wake-up", () -> wakeUp(client, awaited)));
        }
    }

    /** From a write to the return of the read that waits for it, in nanoseconds. */
    private static long wakeUp(EventfddClient client, Eventfd awaited) throws Exception {
        var reader =
                new FutureTask<Long>(() -> {
                    long _ = awaited.read();
                    return System.nanoTime();
                });
        new Thread(reader, "reader").start();
        while (client.state(awaited.name()).waiters() == 0) {
            Thread.onSpinWait();
        }
        long begin = System.nanoTime();
        awaited.write(1);
        return reader.get() - begin;
    }

    private void print() {
        var output = new Output(out(), isForPeople());
        if (!format.isJson()) {
            output.table(HEAD, measured.stream().map(Measurement::row).toList());
            return;
        }
        var json = Json.object();
        var array = json.putArray("microseconds");
        measured.forEach(measurement -> array.add(measurement.json()));
        output.json(json);
    }
}
