package io.eventfdd.server.loop;

import io.eventfdd.internal.linux.Fd;

import java.io.IOException;

/** One descriptor in the loop's epoll set. Belongs to the loop's thread. */
public final class Registration {
    /** Is told of a descriptor's events, on the loop's thread. */
    @FunctionalInterface
    public interface Target {
        /** Handles {@code events}, as epoll_wait reported them. */
        void ready(int events) throws IOException;
    }

    private final Fd fd;
    private final Target target;
    private final long token;

    Registration(Fd fd, Target target, long token) {
        this.fd = fd;
        this.target = target;
        this.token = token;
    }

    Fd fd() {
        return fd;
    }

    Target target() {
        return target;
    }

    /**
     * The number that the kernel returns with each event: the place in the table in the lower half,
     * and its generation in the upper half.
     */
    long token() {
        return token;
    }
}
