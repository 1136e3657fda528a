package io.eventfdd.server.eventfds;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;

/** Checks that callers do only what the mode of an eventfd allows. Any thread may call it. */
final class Rights {
    private final Denials denials = new Denials(System::nanoTime);

    boolean holds(Right right, Identity eventfd, Caller caller) {
        return right.isHeldBy(
                caller.peer(), eventfd.owner().uid(), eventfd.owner().gid(), eventfd.spec().mode());
    }

    /**
     * Checks that {@code caller} has {@code right}.
     *
     * @throws ProblemException {@code forbidden}
     */
    void require(Right right, Identity eventfd, Caller caller) {
        if (!holds(right, eventfd, caller)) {
            throw forbidden(
                    caller,
                    "%s \"%s\" (mode %s, owner %s)"
                            .formatted(
                                    right.verb(),
                                    eventfd.name(),
                                    eventfd.spec().mode(),
                                    Integer.toUnsignedString(eventfd.owner().uid())));
        }
    }

    /**
     * Checks that {@code caller} may delete the eventfd.
     *
     * @throws ProblemException {@code forbidden}
     */
    void requireDelete(Identity eventfd, Caller caller) {
        if (!Right.mayDelete(caller.peer(), eventfd.owner().uid())) {
            throw forbidden(
                    caller,
                    "delete \"%s\": only its owner, user %s, and root may"
                            .formatted(
                                    eventfd.name(),
                                    Integer.toUnsignedString(eventfd.owner().uid())));
        }
    }

    ProblemException forbidden(Caller caller, String what) {
        int user = caller.peer().uid();
        var sentence = "user " + Integer.toUnsignedString(user) + " may not " + what;
        denials.add(user, sentence);
        return new ProblemException(ProblemType.FORBIDDEN, sentence);
    }

    /** The number of times that a caller did not have the right. */
    long denials() {
        return denials.count();
    }
}
