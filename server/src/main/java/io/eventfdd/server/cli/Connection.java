package io.eventfdd.server.cli;

import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.RuntimeLocation;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.time.Duration;

/** Which daemon a command talks to. */
final class Connection {
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);

    @Option(
            names = "--runtime-dir",
            paramLabel = "DIR",
            description =
                    "the directory of the daemon's sockets (default: the first that exists of"
                            + " $EVENTFDD_RUNTIME_DIR, $RUNTIME_DIRECTORY, /run/eventfdd,"
                            + " $XDG_RUNTIME_DIR/eventfdd, /tmp/eventfdd-UID)")
    private @Nullable Path directory;

    @Option(
            names = "--answer-timeout",
            paramLabel = "TIME",
            converter = TimeLimit.PositiveText.class,
            description =
                    "how long the daemon may take to answer, besides the time that the command"
                            + " itself waits (default: 10s)")
    private @Nullable Duration answerTimeout;

    EventfddClient.Builder client(Transport transport) {
        var builder = EventfddClient.builder().transport(transport);
        if (directory != null) {
            builder.runtimeDirectory(directory);
        }
        if (answerTimeout != null) {
            builder.timeout(answerTimeout);
        }
        return builder;
    }

    /** The directory of the sockets. */
    Path directory() {
        return directory != null ? directory : RuntimeLocation.current();
    }

    /** How long the daemon may take to answer. */
    Duration answerTimeout() {
        return answerTimeout != null ? answerTimeout : ANSWER_TIMEOUT;
    }
}
