package io.eventfdd.server.bridge;

import static io.eventfdd.server.testing.BridgeProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import static java.util.Objects.requireNonNull;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.server.testing.BridgeProcess;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.HostNetwork;
import io.eventfdd.server.testing.NatsServer;
import io.nats.client.api.MessageInfo;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A host with a daemon, a program that holds eventfds of it, and a bridge; perhaps with a network
 * of its own.
 */
final class Host implements AutoCloseable {
    /**
     * Where an import of this host stands.
     *
     * @param subject of its messages, in {@code stream}
     * @param mark its own subject
     */
    private record Import(String stream, String subject, String mark) {
        boolean isDone(NatsServer nats) {
            var last = nats.last(stream, subject);
            var marked = nats.last("EVENTFDD_MARKS", mark);
            long to = last.map(MessageInfo::getSeq).orElse(0L);
            return marked.map(Import::applied).orElse(0L) >= to
                    && marked.stream().noneMatch(Import::announcesAWrite);
        }

        private static boolean announcesAWrite(MessageInfo mark) {
            return NatsServer.text(mark).contains("\"adding\"");
        }

        private static long applied(MessageInfo mark) {
            var body = NatsServer.text(mark);
            var found = APPLIED.matcher(body);
            assertThat(found.find()).as(body).isTrue();
            return Long.parseLong(found.group(1));
        }
    }

    private static final Pattern APPLIED = Pattern.compile("\"applied\":(\\d+)");

    private final String name;
    private final @Nullable HostNetwork network;
    private final DaemonProcess daemon;
    private final BridgeProcess bridge;
    private final EventfddClient holder;
    private final Map<String, Eventfd> held;

    private Host(
            String name,
            @Nullable HostNetwork network,
            DaemonProcess daemon,
            BridgeProcess bridge,
            EventfddClient holder,
            Map<String, Eventfd> held) {
        this.name = name;
        this.network = network;
        this.daemon = daemon;
        this.bridge = bridge;
        this.holder = holder;
        this.held = Map.copyOf(held);
    }

    /**
     * One whose bridge has started.
     *
     * @param number of the network, if {@code networks} says that it has one
     * @param links of the bridge
     * @param eventfds that are created and held
     */
    static Host start(
            String name,
            int number,
            boolean networks,
            NatsServer nats,
            String links,
            Map<String, EventfdSpec> eventfds)
            throws IOException {
        var network = networks ? HostNetwork.make(number) : null;
        List<String> prefix = network == null ? List.of() : network.prefix();
        // Its holder may be slow to come back while much else runs.
        var daemon = DaemonProcess.startUnder(prefix, "--reclaim-time=1m");
        var holder =
                EventfddClient.builder()
                        .transport(Transport.RAW)
                        .runtimeDirectory(daemon.directory())
                        .connect();
        var held = new HashMap<String, Eventfd>();
        eventfds.forEach((eventfd, spec) -> held.put(eventfd, holder.open(eventfd, spec)));
        var bridge =
                network == null
                        ? BridgeProcess.start(daemon, nats, name, links)
                        : BridgeProcess.startIn(network, daemon, nats, name, links);
        return new Host(name, network, daemon, bridge, holder, held);
    }

    DaemonProcess daemon() {
        return daemon;
    }

    BridgeProcess bridge() {
        return bridge;
    }

    /** Waits until all links of this host run, so that their streams are there. */
    void awaitLinks() {
        for (var eventfd : held.keySet()) {
            bridge.awaitLog(" " + eventfd + ": running");
        }
    }

    /** Ends the daemon and starts it again. */
    void restartDaemon() throws Exception {
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).isZero();
        daemon.restart();
    }

    /** Kills the daemon. */
    void killDaemon() {
        daemon.process().destroyForcibly();
        daemon.process().onExit().join();
    }

    /** Starts it again after that; it gets its eventfds back from the program that holds them. */
    void reviveDaemon() throws IOException {
        daemon.restart();
    }

    /** Writes to an eventfd that is held; that needs no daemon. */
    void write(String eventfd, long value) {
        requireNonNull(held.get(eventfd)).write(value);
    }

    /** The count of an eventfd that is held, which the kernel has without a daemon too. */
    long heldCount(String eventfd) {
        return requireNonNull(held.get(eventfd)).count();
    }

    /**
     * The signals of the writes of one link that may be counted twice, as its bridge has logged.
     */
    long doubtfulWrites(String eventfd) {
        var line = "import " + eventfd + ": in doubt: .* a write of (\\d+) to " + eventfd;
        return Pattern.compile(line)
                .matcher(bridge.log())
                .results()
                .mapToLong(found -> Long.parseLong(found.group(1)))
                .sum();
    }

    /** Whether the bridge has logged that a read of an eventfd may be missing. */
    boolean hasDoubtfulReads(String eventfd) {
        return bridge.log().contains("export " + eventfd + ": in doubt: ");
    }

    /** Cuts the network of this host, if it has one. */
    void cut() throws IOException {
        if (network != null) {
            network.cut();
        }
    }

    /** Mends the network. */
    void mend() throws IOException {
        if (network != null) {
            network.mend();
        }
    }

    /**
     * Waits until what {@code exporter} has published to {@code subject} is applied here and
     * marked, so that no key of it is needed any more.
     */
    void awaitMarked(NatsServer nats, String subject, String exporter, String eventfd) {
        awaitMarked(nats, new Import("EVENTFDD", subject + "." + exporter, mark("copy", eventfd)));
    }

    /** The same for what this host has claimed. */
    void awaitClaimsMarked(NatsServer nats, String eventfd) {
        var claims = "eventfdd.claim.EVENTFDD." + eventfd + "." + name;
        awaitMarked(nats, new Import("EVENTFDD_CLAIMS", claims, mark("share", eventfd)));
    }

    private static void awaitMarked(NatsServer nats, Import one) {
        until(() -> one.isDone(nats));
    }

    private String mark(String mode, String eventfd) {
        return "eventfdd.mark.EVENTFDD." + mode + "." + eventfd + "." + name;
    }

    @Override
    public void close() throws IOException {
        holder.close();
        bridge.close();
        daemon.close();
        if (network != null) {
            network.close();
        }
    }
}
