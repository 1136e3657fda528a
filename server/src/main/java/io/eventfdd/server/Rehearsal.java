package io.eventfdd.server;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

import sun.misc.Signal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * Runs the daemon and its commands once in one process, so that a JVM that records an AOT cache
 * sees all of them. A cache is recorded by one process, so the daemon's cache serves the commands
 * too.
 */
final class Rehearsal implements Callable<Integer> {
    /** Enough rounds for the compilers to profile the code of every call. */
    private static final int ROUNDS = 500;

    /** A JVM that records is slow, and the machine may have other work. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private static final List<String> COMMANDS =
            List.of(
                    "ping",
                    "create orders",
                    "create --semaphore --initial 3 licences",
                    "write orders 3",
                    "wait --timeout 5s orders",
                    "ls",
                    "ls -o json",
                    "stat orders",
                    "read --timeout 0s orders",
                    "rm orders licences");

    private Rehearsal() {}

    /** A hidden command. */
    static CommandSpec command() {
        var spec = CommandSpec.wrapWithoutInspection(new Rehearsal());
        spec.usageMessage().hidden(true);
        return spec;
    }

    @Override
    public Integer call() throws Exception {
        var directory = Files.createTempDirectory("eventfdd");
        try {
            return rehearse(directory);
        } finally {
            delete(directory);
        }
    }

    private static int rehearse(Path directory) throws Exception {
        var place = List.of("--runtime-dir", directory.toString());
        // it is read because a daemon with a file of settings loads more classes
        var settings = Files.writeString(directory.resolve("rehearsal.yaml"), "log-level: info\n");
        var serve = List.of("serve", "--config", settings.toString());
        var status =
                CompletableFuture.supplyAsync(
                        () -> run(serve, place), task -> new Thread(task).start());
        while (!Files.exists(directory.resolve("api.sock")) && !status.isDone()) {
            Thread.onSpinWait();
        }
        if (status.isDone()) {
            return status.get();
        }
        int used;
        try {
            used = useCommands(place);
            useLibrary(directory, Transport.HTTP);
            useLibrary(directory, Transport.RAW);
        } finally {
            Signal.raise(new Signal("TERM"));
            status.join();
        }
        return used == CommandLine.ExitCode.OK ? status.get() : used;
    }

    private static void delete(Path directory) throws IOException {
        try (var left = Files.list(directory)) {
            for (var file : left.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    /** Runs the commands until one fails. Returns its exit status, or that of success. */
    private static int useCommands(List<String> place) {
        var options = new ArrayList<>(place);
        options.addAll(List.of("--answer-timeout", PATIENCE.toSeconds() + "s"));
        for (var command : COMMANDS) {
            int status = run(List.of(command.split(" ")), options);
            if (status != CommandLine.ExitCode.OK) {
                return status;
            }
        }
        return CommandLine.ExitCode.OK;
    }

    private static int run(List<String> command, List<String> options) {
        var arguments = new ArrayList<>(command);
        arguments.addAll(options);
        return Main.execute(arguments.toArray(String[]::new));
    }

    private static void useLibrary(Path directory, Transport transport) throws Exception {
        try (var client =
                        EventfddClient.builder()
                                .transport(transport)
                                .timeout(PATIENCE)
                                .runtimeDirectory(directory)
                                .connect();
                var eventfd = client.open("rehearsal", EventfdSpec.counter())) {
            for (int i = 0; i < ROUNDS; i++) {
                eventfd.write(1);
                eventfd.read();
            }
        }
    }
}
