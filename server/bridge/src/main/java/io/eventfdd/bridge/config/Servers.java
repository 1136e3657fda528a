package io.eventfdd.bridge.config;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.List;

/**
 * How to reach NATS.
 *
 * @param urls the servers; {@code tls://} encrypts
 * @param credentials a credentials file; null if there is none
 * @param options a properties file with further options of jnats, such as its key stores; null if
 *     there is none
 */
public record Servers(List<String> urls, @Nullable Path credentials, @Nullable Path options) {
    /** Copies the list. */
    public Servers {
        urls = List.copyOf(urls);
    }
}
