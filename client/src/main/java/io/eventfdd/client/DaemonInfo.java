package io.eventfdd.client;

import java.nio.file.Path;
import java.time.Duration;

/**
 * The daemon that a client is connected to.
 *
 * <pre>{@code
 * System.out.println("eventfdd " + client.info().version());
 * }</pre>
 *
 * @param version as {@code eventfdd --version} says it
 * @param directory the directory of its sockets, as the daemon sees it
 * @param maxWait the longest wait of one call; the library makes several calls for a longer wait
 */
public record DaemonInfo(String version, Path directory, Duration maxWait) {}
