package io.eventfdd.server.fdsocket;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Is asked, on the loop's thread, when another daemon wants to take over. */
@FunctionalInterface
public interface Heirs {
    /** The reason why this daemon cannot hand over, if there is one. It does not block. */
    default CompletableFuture<Optional<String>> obstacle() {
        return CompletableFuture.completedFuture(Optional.empty());
    }

    /** Begins the hand-over. */
    void handOver();
}
