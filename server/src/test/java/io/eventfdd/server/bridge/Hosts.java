package io.eventfdd.server.bridge;

import io.eventfdd.server.testing.BridgeProcess;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.NatsServer;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.impl.Headers;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** What the tests of the bridge ask daemons. */
final class Hosts {
    private static final Duration ACK_WAIT = Duration.ofSeconds(1);

    private Hosts() {}

    /** The headers of message {@code number} of a host gamma, which has no bridge. */
    static Headers ofGamma(int number) {
        return new Headers()
                .add("Nats-Msg-Id", "gamma.a.0." + number)
                .add("Eventfdd-Seq", Integer.toString(number));
    }

    /** The count of an eventfd; 0 if the daemon has none of that name. */
    static BigInteger count(DaemonProcess daemon, String name) {
        var answer = daemon.request().get("/v1/eventfds/" + name);
        return answer.statusCode() == 200
                ? new BigInteger(answer.jsonPath().getString("count"))
                : BigInteger.ZERO;
    }

    /** Waits until the count of an eventfd is {@code count}. */
    static void awaitCount(DaemonProcess daemon, String name, long count) {
        BridgeProcess.until(() -> count(daemon, name).equals(BigInteger.valueOf(count)));
    }

    /**
     * Has what is not claimed go to another host soon, or to the same one again. Otherwise it waits
     * for ten seconds.
     */
    static void haveMessagesOfTheDeadGoToOthersSoon(NatsServer nats, String consumer) {
        var _ =
                nats.streams(streams -> {
                    var found =
                            streams.getConsumerInfo("EVENTFDD", consumer)
                                    .getConsumerConfiguration();
                    return streams.addOrUpdateConsumer(
                            "EVENTFDD",
                            ConsumerConfiguration.builder(found).ackWait(ACK_WAIT).build());
                });
    }

    /** A free port that the kernel gives to nobody by itself. */
    static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
            try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return port;
            } catch (IOException e) {
                // It is in use.
            }
        }
    }

    /** What the port answers; empty if nobody listens. */
    static String page(int port, String path) {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
            return client.send(request.build(), BodyHandlers.ofString()).body();
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
