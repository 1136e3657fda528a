package io.eventfdd.client;

import io.eventfdd.internal.wire.JsonFields;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Which daemon it is.
 *
 * <pre>{@code
 * System.out.println("eventfdd " + client.info().version());
 * }</pre>
 *
 * @param version as {@code eventfdd --version} says it
 * @param directory where its sockets are, as it sees it itself
 * @param maxWait the longest wait that it takes in one call; the client makes several of longer
 *     ones
 */
public record DaemonInfo(String version, Path directory, Duration maxWait) {
    private static final Duration DEFAULT_MAX_WAIT = Duration.ofHours(1);
    private static final Duration ANY = Duration.ofDays(3650);

    public static DaemonInfo from(JsonFields fields) {
        return new DaemonInfo(
                fields.text("version").orElse(""),
                Path.of(
                        fields.fields("runtime")
                                .flatMap(runtime -> runtime.text("directory"))
                                .orElse("")),
                fields.fields("limits")
                        .flatMap(limits -> limits.timeout("max-wait", ANY))
                        .orElse(DEFAULT_MAX_WAIT));
    }
}
