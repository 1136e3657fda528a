package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import io.eventfdd.internal.wire.DonateReply;
import io.eventfdd.internal.wire.DonateRequest;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.JsonText;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A daemon that may open few files has lower limits, and everything works when all of them are used
 * up: one more is refused by the limit's name, and nothing is lost by a donation, a restart or a
 * take-over.
 */
@Timeout(300)
class FullUseIT {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final String LIMIT = "urn:eventfdd:problem:limit";

    private final PacketBuffer buffer = new PacketBuffer(64 * 1024, PacketBuffer.MAX_FDS);
    private final List<RawClient> clients = new ArrayList<>();
    private final List<SeqPacketSocket> rawClients = new ArrayList<>();
    private final Map<String, Fd> held = new HashMap<>();
    private DaemonProcess daemon;
    private Map<String, Integer> limits;

    @AfterEach
    void stop() throws IOException {
        leave();
        held.values().forEach(Fd::close);
        daemon.close();
    }

    private void leave() throws IOException {
        for (var client : clients) {
            client.close();
        }
        clients.clear();
        rawClients.forEach(SeqPacketSocket::close);
        rawClients.clear();
    }

    @ParameterizedTest
    @CsvSource({"256, 64, 32, 8", "1024, 600, 64, 16"})
    void everyLimitCanBeUsedUpAndNothingIsLost(int files, int eventfds, int onApi, int onFd)
            throws Exception {
        // Names wait for their holders however long it takes to connect all.
        daemon =
                DaemonProcess.startUnder(
                        List.of("prlimit", "--nofile=" + files + ":" + files),
                        "--reclaim-time=10m");
        limits = limits();
        assertThat(limits.get("max-eventfds")).isGreaterThanOrEqualTo(eventfds);
        assertThat(limits.get("max-connections")).isGreaterThanOrEqualTo(onApi);
        assertThat(limits.get("max-fd-connections")).isGreaterThanOrEqualTo(onFd);
        connectAll();
        makeAll();
        takeAllDescriptors();
        oneMoreIsRefusedByName();
        assertThat(donateAll()).containsOnly(DonateReply.Result.SAME);
        aPacketThatBringsTooManyIsRefusedByName();
        var counts = counts();
        assertThat(counts).hasSize(limits.get("max-eventfds"));

        daemon.takeOver();
        leave();
        assertThat(limits()).isEqualTo(limits);
        connectAll();
        assertThat(counts()).isEqualTo(counts);
        assertThat(donateAll()).containsOnly(DonateReply.Result.SAME);
        oneMoreIsRefusedByName();

        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).as(daemon.log()).isZero();
        daemon.restart();
        leave();
        assertThat(limits()).isEqualTo(limits);
        connectAll();
        assertThat(donateAll()).containsOnly(DonateReply.Result.ADOPTED);
        assertThat(counts()).isEqualTo(counts);
        oneMoreIsRefusedByName();

        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).as(daemon.log()).isZero();
        assertThat(daemon.log())
                .doesNotContain("Exception")
                .doesNotContain("cannot")
                .doesNotContain("Too many open files");
    }

    private Map<String, Integer> limits() throws IOException {
        try (var client = daemon.connect()) {
            var body = client.call("GET", "/v1", "").answer().body();
            var all = JsonFields.parse(body.getBytes(StandardCharsets.UTF_8)).fields("limits");
            return List.of("max-eventfds", "max-connections", "max-fd-connections", "max-donation")
                    .stream()
                    .collect(
                            Collectors.toMap(
                                    key -> key,
                                    key ->
                                            (int)
                                                    all.orElseThrow()
                                                            .count(key, 0, Integer.MAX_VALUE, 0)));
        }
    }

    /** All connections that there may be, each of which is served. */
    private void connectAll() throws IOException {
        for (int i = 0; i < limits.get("max-connections"); i++) {
            clients.add(connect());
        }
        for (int i = 0; i < limits.get("max-fd-connections"); i++) {
            rawClients.add(connectRaw());
        }
        for (var client : clients) {
            assertThat(client.call("GET", "/v1/eventfds?limit=1", "").answer().status())
                    .isEqualTo(200);
        }
        for (var raw : rawClients) {
            assertThat(text(request(raw, "{\"op\":\"open\",\"eventfds\":[{\"name\":\"-\"}]}")))
                    .contains("invalid-name");
        }
    }

    /** One that the daemon has room for, also when it has not yet heard of the end of another. */
    private RawClient connect() throws IOException {
        long end = System.nanoTime() + BOUND.toNanos();
        while (true) {
            var client = daemon.connect();
            if (client.call("GET", "/health/live", "").answer().status() == 200) {
                return client;
            }
            client.close();
            assertThat(System.nanoTime()).as("there is room in time").isLessThan(end);
        }
    }

    private SeqPacketSocket connectRaw() throws IOException {
        long end = System.nanoTime() + BOUND.toNanos();
        while (true) {
            var raw = SeqPacketSocket.connect(daemon.directory().resolve("fd.sock"), BOUND);
            if (!text(request(raw, "{}")).contains(LIMIT)) {
                return raw;
            }
            raw.close();
            assertThat(System.nanoTime()).as("there is room in time").isLessThan(end);
        }
    }

    private static String name(int i) {
        return "e" + i;
    }

    private void makeAll() throws IOException {
        for (int i = 0; i < limits.get("max-eventfds"); i++) {
            var client = clients.get(i % clients.size());
            var made = client.call("PUT", "/v1/eventfds/" + name(i), "{\"initial\":" + i + "}");
            assertThat(made.answer().status()).isEqualTo(201);
        }
    }

    private void takeAllDescriptors() throws IOException {
        for (int i = 0; i < limits.get("max-eventfds"); i++) {
            var open = "{\"op\":\"open\",\"eventfds\":[{\"name\":\"" + name(i) + "\"}]}";
            var reply = request(rawClients.get(i % rawClients.size()), open);
            assertThat(reply.fds()).as(text(reply)).hasSize(1);
            held.put(name(i), reply.fds().getFirst());
        }
        for (int i = 0; i < limits.get("max-eventfds"); i++) {
            assertThat(EventFd.adopt(held.get(name(i))).count()).isEqualTo(i);
        }
    }

    private void oneMoreIsRefusedByName() throws IOException {
        var more = clients.getFirst().call("PUT", "/v1/eventfds/more", "").answer();
        assertThat(more.status()).isEqualTo(429);
        assertThat(more.body()).contains(LIMIT).contains("max-eventfds");
        try (var client = daemon.connect();
                var raw = SeqPacketSocket.connect(daemon.directory().resolve("fd.sock"), BOUND)) {
            var answer = client.call("GET", "/v1", "").answer();
            assertThat(answer.status()).isEqualTo(429);
            assertThat(answer.body()).contains(LIMIT).contains("too many connections");
            assertThat(text(receive(raw))).contains(LIMIT).contains("max-fd-connections");
        }
    }

    private List<DonateReply.Result> donateAll() throws IOException {
        var results = new ArrayList<DonateReply.Result>();
        var names = List.copyOf(held.keySet());
        int most = limits.get("max-donation");
        for (int from = 0; from < names.size(); from += most) {
            var some = names.subList(from, Math.min(names.size(), from + most));
            var reply = donate(some, some.stream().map(held::get).toList());
            DonateReply.from(JsonFields.parse(reply.bytes()))
                    .entries()
                    .forEach(entry -> results.add(entry.result()));
        }
        return results;
    }

    private void aPacketThatBringsTooManyIsRefusedByName() throws IOException {
        var names = IntStream.rangeClosed(0, limits.get("max-donation")).mapToObj(FullUseIT::name);
        var some = names.toList();
        var fds = some.stream().map(name -> held.getOrDefault(name, held.get(name(0)))).toList();
        assertThat(text(donate(some, fds))).contains(LIMIT).contains("max-donation");
    }

    private Received.Packet donate(List<String> names, List<Fd> fds) throws IOException {
        var entries = new ArrayList<DonateRequest.Entry>();
        for (var name : names) {
            entries.add(new DonateRequest.Entry(new EventfdName(name), EventfdSpec.counter()));
        }
        var packet = Json.bytes(new DonateRequest(entries).toJson());
        var raw = rawClients.getFirst();
        assertThat(raw.send(buffer, packet, fds, BOUND)).isEqualTo(SeqPacketSocket.Sent.DONE);
        return receive(raw);
    }

    private Map<String, Long> counts() throws IOException {
        var answer = clients.getLast().call("GET", "/v1/eventfds", "").answer();
        assertThat(answer.status()).isEqualTo(200);
        var counts = new HashMap<String, Long>();
        JsonText.parse(answer.body())
                .get("eventfds")
                .forEach(state ->
                        counts.put(state.get("name").asText(), state.get("count").asLong()));
        return counts;
    }

    private Received.Packet request(SeqPacketSocket raw, String request) throws IOException {
        raw.send(buffer, request.getBytes(StandardCharsets.UTF_8), List.<Fd>of(), BOUND);
        return receive(raw);
    }

    private Received.Packet receive(SeqPacketSocket raw) throws IOException {
        var received = raw.receive(buffer, BOUND);
        assertThat(received).isInstanceOf(Received.Packet.class);
        return (Received.Packet) received;
    }

    private static String text(Received.Packet packet) {
        return new String(packet.bytes(), StandardCharsets.UTF_8);
    }
}
