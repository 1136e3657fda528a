package io.eventfdd.server.fdsocket;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.Op;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.loop.EventLoop;

import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * Parses the requests of one client: finds the op that a packet asks for, and the call that carries
 * it out. Has no state, so that long requests can be parsed on other threads.
 */
record FdRequests(FdConnection connection, FdCalls calls, FdLeases leases) {
    private static final System.Logger LOGGER = System.getLogger(FdRequests.class.getName());

    /** Parses the request in {@code packet} into a task for the loop's thread. */
    EventLoop.Task understood(byte[] packet) {
        var op = Optional.<Op>empty();
        try {
            var fields = JsonFields.parse(packet);
            op = Optional.of(Op.of(fields));
            return begun(op, call(op.get(), fields));
        } catch (ProblemException e) {
            return begun(op, () -> connection.reply(e.problem()));
        } catch (RuntimeException | StackOverflowError bug) {
            LOGGER.log(Level.ERROR, "a request on fd.sock failed because of a bug", bug);
            return begun(
                    op,
                    () ->
                            connection.reply(
                                    ProblemType.INTERNAL.problem(
                                            "the daemon failed because of a bug; its log says"
                                                    + " more")));
        }
    }

    private EventLoop.Task begun(Optional<Op> op, EventLoop.Task call) {
        return () -> {
            op.ifPresent(connection::begin);
            call.run();
        };
    }

    private EventLoop.Task call(Op op, JsonFields fields) {
        return switch (op) {
            case OPEN -> {
                var request = OpenRequest.from(fields);
                yield () -> calls.open(request);
            }
            case TAKEOVER -> {
                fields.end();
                yield calls::takeOver;
            }
            case LEASE, RELEASE, COMMIT, RENEW, RESUME -> leases.understood(op, fields);
            case DONATE ->
                    throw new ProblemException(
                            ProblemType.INVALID_REQUEST,
                            "op: donate needs the descriptors of its eventfds in the same packet");
        };
    }

    /** Whether {@code packet} is the request of another daemon to take over. */
    static boolean isTakeover(byte[] packet) {
        try {
            return Op.of(JsonFields.parse(packet)) == Op.TAKEOVER;
        } catch (ProblemException e) {
            return false;
        }
    }
}
