package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

import io.eventfdd.client.Count;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.JsonText;
import io.eventfdd.server.testing.RawClient;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * Nothing is lost and nothing is there twice, whoever dies when: processes write, read and wait
 * over HTTP and on raw descriptors, in counter and semaphore mode, and are killed at random; the
 * daemon is taken over, stopped and killed under them; at the end, of each eventfd, initial +
 * written = delivered + remaining, exactly.
 *
 * <p>A client that is killed leaves one value that nobody may be able to account for, and so does a
 * daemon. Here there is none, since for each kind of call either the journal or the rules of {@code
 * server/API.md} settle it:
 *
 * <ul>
 *   <li><b>With a key</b>, workers die anywhere, and go on from daemon to daemon: where the
 *       connection breaks, or the answer is {@code shutting-down}, they ask again. Each key is in
 *       the journal before its request is sent; those without an answer there, of the dead and of
 *       those who turned away, are asked for again by this test, with the same request. The API
 *       says that this is the first call's answer or, where there was none, the first call. At the
 *       end that is asked of the next daemon: what a key keeps is kept over a planned end, in the
 *       table.
 *   <li><b>A read without a key</b>: a value is the client's when the client has taken all of the
 *       response off its socket, and goes back otherwise, also where the daemon ends. Workers take
 *       the response in pieces, and the last byte together with the line in the journal. In that
 *       one step they are spared: the supervisor stops a worker, looks whether it is in such a
 *       step, and then kills it or lets it go on. So a value that is not in the journal was not
 *       taken whole, and has gone back.
 *   <li><b>A write without a key</b> is in doubt for any client that dies over it, and over any
 *       connection that breaks, which is what keys are for: workers are spared from its first byte
 *       to its answer, and none is made while a daemon ends.
 *   <li><b>On a raw descriptor</b> the kernel's read(2) or write(2) is one step with its line in
 *       the journal; they die before it, after it, and while they wait in poll(2). Daemons do not
 *       matter to them.
 *   <li><b>A daemon that is killed</b> takes with it what it has taken from the kernel and nobody
 *       has received, its keys, and the counts of eventfds that nobody else holds. So before that
 *       all workers pause between two calls, this test asks for the keys that are in doubt, and
 *       then each sum must hold, there and then. From then on somebody else holds every eventfd,
 *       raw workers go on at full speed over the daemon's death, and the holder brings all to the
 *       next daemon, which has to adopt them.
 * </ul>
 *
 * <p>What remains is read from raw descriptors that outlive the daemon: it is ended by SIGTERM, and
 * what was in flight must be back by then.
 *
 * <p>{@code -Dconservation.seconds=60 -Dconservation.seed=7 -Dconservation.runs=20} makes it longer
 * and another.
 */
class ConservationIT {
    private static final long SECONDS = Long.getLong("conservation.seconds", 4);
    private static final long SEED = Long.getLong("conservation.seed", 1);
    private static final long RUNS = Long.getLong("conservation.runs", 1);

    private static final BigInteger MOST = Count.toBigInteger(Count.MAX);

    /** What they are made as, and how many they begin with. */
    private static final Map<String, String> EVENTFDS =
            Map.of(
                    "plain", "{\"initial\":1000}",
                    "shared", "{\"initial\":4294967295}",
                    "full", "{\"initial\":7}",
                    "plain-sem", "{\"initial\":50,\"semaphore\":true}",
                    "shared-sem", "{\"initial\":50,\"semaphore\":true,\"nonblocking\":false}");

    static LongStream seeds() {
        return LongStream.range(SEED, SEED + RUNS);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void whatWasWrittenWasDeliveredOrRemainsWhoeverDies(long seed) throws Exception {
        try (var daemon =
                DaemonProcess.start(
                        "--key-life=24h",
                        "--max-keys=1000000",
                        "--max-key-bytes=1073741824",
                        "--reclaim-time=1m")) {
            EVENTFDS.forEach((name, spec) ->
                    daemon.request()
                            .contentType("application/json")
                            .body(spec)
                            .put("/v1/eventfds/" + name)
                            .then()
                            .statusCode(201));
            var journal = daemon.file("journal");
            try (var load = new Load(daemon, journal, seed)) {
                for (var word = load.hear(); !word.equals("over"); word = load.hear()) {
                    change(daemon, word, journal);
                    load.tell("done");
                }
                var ledger = new Ledger(journal);
                assertThat(ledger.wrong).isEmpty();
                assertThat(ledger.killed.values().stream().mapToInt(Integer::intValue).sum())
                        .as("killed, by what they were doing: " + ledger.killed)
                        .isGreaterThan(20);

                load.tell("hold");
                load.awaitIts("done");
                end(daemon);
                long kept = keptForKeys(daemon);
                daemon.restart();
                load.tell("donate");
                load.awaitIts("done");
                ledger.settleKeys(daemon);
                ledger.makeRoom(daemon);
                end(daemon);
                load.tell("read");
                var remaining = load.remaining();

                System.out.println(ledger.summary(seed) + ", kept over the end " + kept);
                assertThat(new Ledger(journal).wrong).isEmpty();
                for (var name : EVENTFDS.keySet()) {
                    assertThat(ledger.delivered(name).add(remaining.get(name)))
                            .as(
                                    "%s, seed %d: delivered + remaining, of initial + written",
                                    name, seed)
                            .isEqualTo(ledger.written(name));
                }
                assertThat(keptForKeys(daemon)).isZero();
                assertThat(daemon.log()).doesNotContain("ERROR").doesNotContain("bug");
            }
        }
    }

    /** What the load asks for in its middle. */
    private static void change(DaemonProcess daemon, String how, Path journal) throws Exception {
        switch (how) {
            case "takeover" -> daemon.takeOver();
            case "restart" -> {
                end(daemon);
                daemon.restart();
            }
            case "settle" -> {
                var ledger = new Ledger(journal);
                ledger.settleKeys(daemon);
                ledger.makeRoom(daemon);
                ledger.awaitSums(daemon);
                ledger.writeTo(journal);
            }
            case "kill" -> {
                daemon.signal("KILL");
                daemon.exitStatus();
                daemon.restart();
            }
            default -> throw new AssertionError(how);
        }
    }

    private static void end(DaemonProcess daemon) throws Exception {
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).as(daemon.log()).isZero();
    }

    /** How many values the daemon that has ended left to the next one for their keys. */
    private static long keptForKeys(DaemonProcess daemon) throws IOException {
        try (var lines = Files.lines(daemon.directory().resolve("table"))) {
            return lines.map(Ledger::json).mapToLong(line -> line.path("taken").size()).sum();
        }
    }

    /** The processes, in conservation.py. */
    private static final class Load implements AutoCloseable {
        private final Process process;
        private final BufferedReader said;
        private final PrintStream ear;

        Load(DaemonProcess daemon, Path journal, long seed) throws Exception {
            var script = Path.of(ConservationIT.class.getResource("/conservation.py").toURI());
            process =
                    new ProcessBuilder(
                                    "python3",
                                    script.toString(),
                                    daemon.directory().toString(),
                                    journal.toString(),
                                    Long.toString(seed),
                                    Long.toString(SECONDS))
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            said = process.inputReader();
            ear = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        }

        String hear() throws IOException {
            var word = said.readLine();
            assertThat(word).as("the load goes on").isNotNull();
            return word;
        }

        void awaitIts(String word) throws IOException {
            assertThat(hear()).isEqualTo(word);
        }

        void tell(String command) {
            ear.println(command);
        }

        Map<String, BigInteger> remaining() throws IOException {
            var remaining = new HashMap<String, BigInteger>();
            for (var line = said.readLine(); line != null; line = said.readLine()) {
                int space = line.indexOf(' ');
                remaining.put(line.substring(0, space), new BigInteger(line.substring(space + 1)));
            }
            return remaining;
        }

        @Override
        public void close() {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    /** What the journal says, and then what it did not say yet. */
    private static final class Ledger {
        private record Call(String path, String body) {}

        private final Map<String, BigInteger> written = new TreeMap<>();
        private final Map<String, BigInteger> delivered = new TreeMap<>();
        private final Map<String, Call> unanswered = new LinkedHashMap<>();
        private final Map<String, Call> keyed = new HashMap<>();
        private final Map<String, Integer> killed = new TreeMap<>();
        private final StringBuilder wrong = new StringBuilder();

        /** What is not in the journal yet. */
        private final StringBuilder found = new StringBuilder();

        private int asked;

        Ledger(Path journal) throws IOException {
            EVENTFDS.forEach((name, spec) ->
                    add(written, name, json(spec).get("initial").bigIntegerValue()));
            try (var lines = Files.lines(journal)) {
                lines.forEach(this::enter);
            }
        }

        private void enter(String line) {
            var words = line.split(" ", 4);
            switch (words[0]) {
                case "wrote" -> add(written, words[1], new BigInteger(words[2]));
                case "took" -> add(delivered, words[1], new BigInteger(words[2]));
                case "key" -> {
                    var call = new Call(words[2], words[3]);
                    keyed.put(words[1], call);
                    unanswered.put(words[1], call);
                }
                case "answered" -> {
                    unanswered.remove(words[1]);
                    answered(keyed.get(words[1]), Integer.parseInt(words[2]), json(words[3]));
                }
                case "killed" -> killed.merge(words[1], 1, Integer::sum);
                default -> wrong.append(line).append('\n');
            }
        }

        private void answered(Call call, int status, JsonNode body) {
            if (status == 200 && call.path().endsWith("/write")) {
                add(written, body);
            } else if (status == 200 && call.path().endsWith("/read")) {
                add(delivered, body);
            } else if (status == 200) {
                body.get("ready").forEach(one -> add(delivered, one));
            } else {
                assertThat(status)
                        .as(call + " " + body)
                        .isEqualTo(call.path().endsWith("/write") ? 409 : 204);
            }
        }

        private static void add(Map<String, BigInteger> sums, JsonNode one) {
            add(sums, one.get("name").textValue(), one.get("value").bigIntegerValue());
        }

        private static void add(Map<String, BigInteger> sums, String name, BigInteger value) {
            sums.merge(name, value, BigInteger::add);
        }

        private static JsonNode json(String text) {
            return JsonText.parse(text);
        }

        BigInteger written(String name) {
            return written.get(name);
        }

        BigInteger delivered(String name) {
            return delivered.getOrDefault(name, BigInteger.ZERO);
        }

        /** Asks for the answers that the dead did not get, and those who turned away. */
        void settleKeys(DaemonProcess daemon) throws IOException {
            for (var entry : List.copyOf(unanswered.entrySet())) {
                settle(daemon, entry.getKey(), entry.getValue());
            }
        }

        private void settle(DaemonProcess daemon, String key, Call call) throws IOException {
            while (true) {
                var answer =
                        RawClient.exchange(
                                daemon.api(),
                                "POST "
                                        + call.path()
                                        + " HTTP/1.1\r\nHost: x\r\nIdempotency-Key: "
                                        + key
                                        + "\r\nContent-Type: application/json\r\nContent-Length: "
                                        + call.body().length()
                                        + "\r\n\r\n"
                                        + call.body());
                if (!answer.body().contains("idempotency-key-in-use")) {
                    var body = answer.body().isEmpty() ? "{}" : answer.body();
                    answered(call, answer.status(), json(body));
                    unanswered.remove(key);
                    find("answered", key, Integer.toString(answer.status()), body);
                    return;
                }
            }
        }

        /** Reads until all that is neither delivered nor there has room to go back. */
        void makeRoom(DaemonProcess daemon) {
            for (var name : EVENTFDS.keySet()) {
                while (left(name).compareTo(MOST) > 0) {
                    var answer =
                            json(
                                    daemon.request()
                                            .contentType("application/json")
                                            .body("{\"timeout\":\"10s\"}")
                                            .post("/v1/eventfds/" + name + "/read")
                                            .then()
                                            .statusCode(200)
                                            .extract()
                                            .asString());
                    add(delivered, answer);
                    find("took", name, answer.get("value").asText());
                }
            }
        }

        /** Waits until what is on its way back is there; nobody writes or reads meanwhile. */
        void awaitSums(DaemonProcess daemon) {
            for (var name : EVENTFDS.keySet()) {
                try {
                    until(() -> count(daemon, name).equals(left(name)));
                } catch (AssertionError e) {
                    assertThat(count(daemon, name))
                            .as(
                                    "%s: its count, and initial + written - delivered; %s",
                                    name, daemon.log())
                            .isEqualTo(left(name));
                }
            }
        }

        private static BigInteger count(DaemonProcess daemon, String name) {
            var state = daemon.request().get("/v1/eventfds/" + name).then().statusCode(200);
            return json(state.extract().asString()).get("count").bigIntegerValue();
        }

        private BigInteger left(String name) {
            return written(name).subtract(delivered(name));
        }

        private void find(String... words) {
            asked += words[0].equals("answered") ? 1 : 0;
            found.append(String.join(" ", words)).append('\n');
        }

        /** Notes what was settled here where the workers note what they do. */
        void writeTo(Path journal) throws IOException {
            Files.writeString(journal, found, StandardOpenOption.APPEND);
        }

        String summary(long seed) {
            return "conservation, seed "
                    + seed
                    + ": killed "
                    + killed
                    + ", keyed calls "
                    + keyed.size()
                    + ", asked for again "
                    + asked
                    + ", delivered "
                    + delivered;
        }
    }
}
