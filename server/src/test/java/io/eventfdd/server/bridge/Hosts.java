package io.eventfdd.server.bridge;

import io.eventfdd.server.testing.BridgeProcess;
import io.eventfdd.server.testing.DaemonProcess;
import io.nats.client.impl.Headers;

import java.math.BigInteger;

/** What the tests of the bridge ask daemons. */
final class Hosts {
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
}
