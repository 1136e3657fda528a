package io.eventfdd.bench;

import io.helidon.http.HeaderValues;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * {@code BareHelidon SOCKET}: Helidon with nothing around it, which takes the daemon's requests for
 * a write and for a read. Each name has a queue. A write adds to it, and a read parks on it without
 * a time limit. So it shows what HTTP, virtual threads and one handover take by themselves.
 *
 * <p>It does not see that a client is gone: the thread of that client's read still takes a signal.
 * So each measurement needs names of its own.
 */
final class BareHelidon {
    private static final byte[] ANSWER =
            "{\"name\":\"ping-0\",\"value\":1}".getBytes(StandardCharsets.US_ASCII);

    private final ConcurrentMap<String, BlockingQueue<Boolean>> signals = new ConcurrentHashMap<>();

    private BareHelidon() {}

    public static void main(String[] arguments) {
        var bare = new BareHelidon();
        var server =
                WebServer.builder()
                        .bindAddress(UnixDomainSocketAddress.of(arguments[0]))
                        .routing(
                                HttpRouting.builder()
                                        .post("/v1/eventfds/{name}/write", bare::write)
                                        .post("/v1/eventfds/{name}/read", bare::read))
                        .build()
                        .start();
        if (!server.isRunning()) {
            throw new IllegalStateException("cannot serve on " + arguments[0]);
        }
    }

    private void write(ServerRequest request, ServerResponse response) {
        asked(request).add(true);
        answer(response);
    }

    private void read(ServerRequest request, ServerResponse response) throws InterruptedException {
        asked(request).take();
        answer(response);
    }

    private BlockingQueue<Boolean> asked(ServerRequest request) {
        request.content().as(byte[].class);
        var name = request.path().pathParameters().get("name");
        return signals.computeIfAbsent(name, each -> new LinkedBlockingQueue<>());
    }

    private static void answer(ServerResponse response) {
        response.header(HeaderValues.CONTENT_TYPE_JSON).send(ANSWER);
    }
}
