package io.eventfdd.server.http;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.ProblemDocument;
import io.eventfdd.server.eventfds.End;
import io.eventfdd.server.eventfds.Watch;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The counts of one eventfd as server-sent events, on the connection's virtual thread: a slow
 * reader blocks nobody else, and gets the newest count when it is ready for one.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">Server-sent
 *     events</a>
 */
final class EventStream {
    private static final byte[] KEEP_ALIVE = ": still here\n\n".getBytes(StandardCharsets.US_ASCII);

    private final EventfdName name;
    private final Watch watch;
    private final Duration keepAlive;

    EventStream(EventfdName name, Watch watch, Duration keepAlive) {
        this.name = name;
        this.watch = watch;
        this.keepAlive = keepAlive;
    }

    /** Sends events until the eventfd, the client or the daemon ends. */
    void send(Exchange exchange) throws IOException, InterruptedException {
        exchange.makeLast();
        try (var out = exchange.stream("text/event-stream")) {
            while (true) {
                var event = watch.next(keepAlive);
                if (event.isEmpty()) {
                    out.write(KEEP_ALIVE);
                } else if (event.get() instanceof Watch.Event.Counted(var count)) {
                    write(out, "count", Json.bytes(EventfdApi.json(name, "count", count)));
                } else if (event.get() instanceof Watch.Event.Ended(var end)) {
                    write(out, "end", problem(end));
                    return;
                }
                out.flush();
            }
        }
    }

    private static void write(OutputStream out, String event, byte[] json) throws IOException {
        out.write(("event: " + event + "\ndata: ").getBytes(StandardCharsets.US_ASCII));
        out.write(json);
        out.write('\n');
        out.write('\n');
    }

    private byte[] problem(End end) {
        var problem =
                switch (end) {
                    case DELETED ->
                            ProblemType.GONE.problem(name + " was deleted while it was watched");
                    case SHUT_DOWN ->
                            ProblemType.SHUTTING_DOWN.problem("the daemon is shutting down");
                    default -> ProblemType.INTERNAL.problem("the watch ended");
                };
        return ProblemDocument.bytes(problem);
    }
}
