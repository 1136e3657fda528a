package io.eventfdd.client;

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
public record DaemonInfo(String version, Path directory, Duration maxWait) {}
