package io.eventfdd.server.fdsocket;

import static io.eventfdd.server.fdsocket.FdServerUnderTest.creating;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.name;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.openFds;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.request;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.there;
import static io.eventfdd.server.fdsocket.FdServerUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.internal.linux.PeerCredentials;
import io.eventfdd.internal.wire.DonateReply;
import io.eventfdd.internal.wire.DonateReply.Refused;
import io.eventfdd.internal.wire.DonateReply.Result;
import io.eventfdd.internal.wire.DonateReply.Taken;
import io.eventfdd.internal.wire.DonateRequest;
import io.eventfdd.internal.wire.Json;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.server.eventfds.Caller;
import io.eventfdd.server.eventfds.CurrentState;
import io.eventfdd.server.eventfds.End;
import io.eventfdd.server.eventfds.Former;
import io.eventfdd.server.eventfds.Identity;
import io.eventfdd.server.eventfds.Owner;
import io.eventfdd.server.eventfds.Vacancy;
import io.eventfdd.server.fdsocket.FdServerUnderTest.Client;
import io.eventfdd.server.fdsocket.FdServerUnderTest.Reply;
import io.eventfdd.server.testing.OwnJvm;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What holders bring back over a real fd.sock; no descriptor is left after any of it. */
@OwnJvm
@Timeout(300)
class DonateTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final EventfdSpec COUNTER = EventfdSpec.counter();
    private static final EventfdSpec SEMAPHORE = EventfdSpec.semaphoreOf(0);
    private static final int STRANGER = 20004;

    private final List<EventFd> held = new ArrayList<>();
    private long fdsBefore;
    private FdServerUnderTest daemon;

    @BeforeAll
    static void letTheJdkOpenWhatItKeeps() throws IOException {
        try (var daemon = new FdServerUnderTest()) {
            daemon.client().open(creating("warm")).close();
            daemon.client().ask("{}");
        }
    }

    @BeforeEach
    void start() throws IOException {
        fdsBefore = openFds();
        daemon = new FdServerUnderTest();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        int eventfds = daemon.eventfds.size();
        daemon.eventfds.endWaits(End.SHUT_DOWN);
        daemon.close();
        held.forEach(EventFd::close);
        // Fewer if the collector has closed sockets that another test left to it.
        assertThat(openFds()).as("descriptors").isLessThanOrEqualTo(fdsBefore + eventfds);
    }

    private EventFd held(EventfdSpec spec, long count) throws IOException {
        var eventFd = EventFd.create(count, spec.semaphore(), true);
        held.add(eventFd);
        return eventFd;
    }

    /** {@code name} was {@code objects}' in a daemon before this one, of root, and waits. */
    private static Vacancy waiting(String name, EventfdSpec spec, EventFd... objects)
            throws IOException {
        return vacancy(name, spec, true, objects);
    }

    /** The same, but it begins anew. */
    private static Vacancy anew(String name, EventfdSpec spec, EventFd... objects)
            throws IOException {
        return vacancy(name, spec, false, objects);
    }

    private static Vacancy vacancy(
            String name, EventfdSpec spec, boolean mayBeHeld, EventFd... objects)
            throws IOException {
        var former = Former.NONE;
        for (var object : objects) {
            former = former.and(object.id());
        }
        return new Vacancy(
                new Identity(name(name), spec, new Owner(0, 0), Instant.EPOCH),
                mayBeHeld,
                0,
                List.of(),
                former);
    }

    private void restore(Vacancy... absent) {
        daemon.eventfds.succession().restore(List.of(), List.of(absent), LONG, false);
    }

    private static Caller caller() {
        return new Caller(
                Fd.borrow(0), new PeerCredentials(1, OpenFiles.effectiveUser(), 0, List.of()));
    }

    private CurrentState state(String name) {
        return daemon.eventfds.state(name(name), caller());
    }

    private static DonateRequest.Entry as(String name, EventfdSpec spec) {
        return new DonateRequest.Entry(name(name), spec);
    }

    private static byte[] packet(DonateRequest.Entry... entries) {
        return Json.bytes(new DonateRequest(List.of(entries)).toJson());
    }

    private static List<DonateReply.Entry> results(Reply reply) {
        assertThat(reply.json()).startsWith("{\"eventfds\"");
        return DonateReply.from(JsonFields.parse(reply.json().getBytes(UTF_8))).entries();
    }

    private static DonateReply.Entry only(Reply reply) {
        assertThat(results(reply)).hasSize(1);
        return results(reply).getFirst();
    }

    private Reply donate(String name, EventfdSpec spec, EventFd eventFd) throws IOException {
        return daemon.client().ask(packet(as(name, spec)), eventFd.fd());
    }

    private void assertRefused(ProblemType why, String name, EventfdSpec spec, EventFd eventFd)
            throws IOException {
        try (var reply = donate(name, spec, eventFd)) {
            assertThat(only(reply)).isEqualTo(new Refused(name(name), why));
            assertThat(reply.fds()).isEmpty();
        }
    }

    // What is taken

    @Test
    void aNameThatWaitsForItLeadsToItAgain() throws IOException {
        var mine = held(SEMAPHORE, 3);
        restore(waiting("a", SEMAPHORE.withMode("0640"), mine));
        try (var reply = donate("a", SEMAPHORE, mine)) {
            assertThat(only(reply)).isEqualTo(new Taken(name("a"), Result.ADOPTED));
            assertThat(reply.fds()).isEmpty();
        }
        assertThat(state("a").count()).isEqualTo(3);
        assertThat(state("a").spec()).as("the name's").isEqualTo(SEMAPHORE.withMode("0640"));
        assertThat(state("a").created()).isEqualTo(Instant.EPOCH);
        mine.write(4);
        assertThat(state("a").count()).as("the same object").isEqualTo(7);
    }

    @Test
    void whoeverOpensItMeanwhileWaitsForIt() throws IOException {
        var mine = held(COUNTER, 3);
        restore(waiting("a", COUNTER, mine));
        var opening = daemon.client();
        opening.send(there("a"));
        assertThat(daemon.fdsHandedOut()).isZero();
        donate("a", COUNTER, mine).close();
        try (var reply = opening.reply()) {
            assertThat(EventFd.adopt(reply.fds().getFirst()).isSameAs(mine)).isTrue();
        }
    }

    @Test
    void aDonorThatDiesRightAfterSendingHasGivenIt() throws IOException {
        var mine = held(COUNTER, 3);
        restore(waiting("a", COUNTER, mine));
        try (var dying = daemon.client()) {
            dying.send(packet(as("a", COUNTER)), mine.fd());
        }
        mine.write(1);
        assertThat(state("a").count()).as("it comes").isEqualTo(4);
    }

    /** The loop sees what the donor sent and that it is gone at once. */
    @Test
    void aDonorThatDiedBeforeItWasHeardHasGivenAllThatItSent() throws Exception {
        var first = held(COUNTER, 3);
        var second = held(COUNTER, 5);
        restore(waiting("a", COUNTER, first), waiting("b", COUNTER, second));
        var dying = daemon.client();
        var busy = new CompletableFuture<Void>();
        daemon.loop.submit(busy::join);
        dying.send(packet(as("a", COUNTER)), first.fd());
        dying.send(there("a"));
        dying.send(packet(as("b", COUNTER)), second.fd());
        dying.close();
        busy.complete(null);
        first.write(1);
        assertThat(state("a").count()).isEqualTo(4);
        assertThat(state("b").count()).isEqualTo(5);
    }

    @Test
    void whatTheNameLeadsToAnywayIsTheSame() throws IOException {
        try (var opened = daemon.client().open(creating("a"))) {
            var mine = EventFd.adopt(opened.fds().getFirst());
            try (var reply = donate("a", COUNTER, mine)) {
                assertThat(only(reply)).isEqualTo(new Taken(name("a"), Result.SAME));
                assertThat(reply.fds()).isEmpty();
            }
            mine.write(3);
            assertThat(state("a").count()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsAdoptedGetsTheFlagThatTheSpecHas(boolean nonblocking) throws IOException {
        var spec = COUNTER.withNonblocking(nonblocking);
        var mine = held(COUNTER, 3);
        mine.fd().setNonblocking(!nonblocking);
        restore(waiting("a", spec, mine));
        donate("a", spec, mine).close();
        assertThat(mine.fd().isNonblocking()).isEqualTo(nonblocking);
        assertThat(state("a").nonblocking()).isEqualTo(nonblocking);
        mine.fd().setNonblocking(!nonblocking);
        assertThat(state("a").nonblocking()).isEqualTo(!nonblocking);
    }

    @Test
    void whoComesTooLateGetsTheOneThatTheNameLeadsToNow() throws IOException {
        var mine = held(COUNTER, 3);
        restore(anew("a", COUNTER.withNonblocking(false), mine));
        for (int i = 0; i < 3; i++) {
            try (var reply = donate("a", COUNTER, mine)) {
                assertThat(only(reply)).isEqualTo(new Taken(name("a"), Result.REPLACED));
                assertThat(reply.fds()).hasSize(1);
                var other = EventFd.adopt(reply.fds().getFirst());
                assertThat(other.isSameAs(mine)).isFalse();
                assertThat(other.fd().isNonblocking()).as("as it was made").isFalse();
                other.write(mine.count());
            }
        }
        assertThat(state("a").count()).isEqualTo(9);
        assertThat(mine.count()).as("is its holders'").isEqualTo(3);
    }

    @Test
    void whereNothingIsKnownAHolderMayBringOneAndOwnsIt() throws IOException {
        var mine = held(SEMAPHORE, 3);
        daemon.eventfds.succession().restore(List.of(), List.of(), LONG, true);
        try (var reply = donate("a", SEMAPHORE.withMode("0604"), mine)) {
            assertThat(only(reply)).isEqualTo(new Taken(name("a"), Result.ADOPTED));
        }
        assertThat(state("a").count()).isEqualTo(3);
        assertThat(state("a").spec()).isEqualTo(SEMAPHORE.withMode("0604"));
        assertThat(state("a").owner().uid()).isEqualTo(OpenFiles.effectiveUser());
        try (var another = donate("a", SEMAPHORE, held(SEMAPHORE, 1))) {
            assertThat(only(another).result()).isEqualTo(Result.REPLACED);
        }
    }

    @Test
    void twoHundredAndFiftyThreeAreTakenAtOnceInOrder() throws IOException {
        var vacancies = new Vacancy[253];
        var entries = new DonateRequest.Entry[253];
        var fds = new Fd[253];
        for (int i = 0; i < 253; i++) {
            var one = held(COUNTER, i + 1);
            fds[i] = one.fd();
            vacancies[i] = waiting("n" + i, COUNTER, one);
            entries[i] = as("n" + i, COUNTER);
        }
        restore(vacancies);
        try (var reply = daemon.client().ask(packet(entries), fds)) {
            assertThat(results(reply))
                    .containsExactlyElementsOf(
                            Arrays.stream(entries)
                                    .map(one -> new Taken(one.name(), Result.ADOPTED))
                                    .toList());
        }
        for (int i = 0; i < 253; i++) {
            assertThat(state("n" + i).count()).isEqualTo(i + 1);
        }
    }

    @Test
    void eachOfManyHasAResultOfItsOwn() throws IOException {
        var adopted = held(COUNTER, 1);
        var late = held(COUNTER, 1);
        restore(waiting("adopted", COUNTER, adopted), anew("late", COUNTER, late));
        var packet =
                packet(
                        as("unknown", COUNTER),
                        as("late", COUNTER),
                        as("adopted", COUNTER),
                        as("wrong", SEMAPHORE));
        var unknown = held(COUNTER, 0).fd();
        var wrong = held(COUNTER, 0).fd();
        try (var reply = daemon.client().ask(packet, unknown, late.fd(), adopted.fd(), wrong)) {
            assertThat(results(reply))
                    .containsExactly(
                            new Refused(name("unknown"), ProblemType.NOT_FOUND),
                            new Taken(name("late"), Result.REPLACED),
                            new Taken(name("adopted"), Result.ADOPTED),
                            new Refused(name("wrong"), ProblemType.INVALID_VALUE));
            assertThat(reply.fds()).hasSize(1);
        }
    }

    // What is not

    @Test
    void aNameThatNobodyKnowsIsNotFound() throws IOException {
        restore();
        assertRefused(ProblemType.NOT_FOUND, "a", COUNTER, held(COUNTER, 1));
        assertThat(daemon.eventfds.size()).isZero();
    }

    @Test
    void anObjectThatTheNameNeverLedToIsNotFound() throws IOException {
        restore(waiting("a", COUNTER, held(COUNTER, 1)), anew("c", COUNTER));
        assertRefused(ProblemType.NOT_FOUND, "a", COUNTER, held(COUNTER, 1));
        daemon.make("b", COUNTER);
        assertRefused(ProblemType.NOT_FOUND, "b", COUNTER, held(COUNTER, 1));
        assertRefused(ProblemType.NOT_FOUND, "c", COUNTER, held(COUNTER, 1));
    }

    @Test
    void aNameThatWasDeletedIsNotFoundNorIsTheNextOfThatName() throws IOException {
        try (var opened = daemon.client().open(creating("a"))) {
            var mine = EventFd.adopt(opened.fds().getFirst());
            daemon.eventfds.delete(name("a"), caller());
            assertRefused(ProblemType.NOT_FOUND, "a", COUNTER, mine);
            daemon.make("a", COUNTER);
            assertRefused(ProblemType.NOT_FOUND, "a", COUNTER, mine);
        }
    }

    @Test
    void theOtherModeOfReadingExists() throws IOException {
        var mine = held(SEMAPHORE, 1);
        restore(waiting("waits", COUNTER, mine), anew("stands", COUNTER, mine));
        assertRefused(ProblemType.EXISTS, "waits", SEMAPHORE, mine);
        assertRefused(ProblemType.EXISTS, "stands", SEMAPHORE, mine);
    }

    @Test
    void oneThatIsNotOfTheModeThatItsHolderSaysIsInvalid() throws IOException {
        var mine = held(SEMAPHORE, 1);
        assumeTrue(mine.isSemaphore().isPresent(), "the kernel tells the mode from 6.5 on");
        restore(waiting("a", COUNTER, mine));
        assertRefused(ProblemType.INVALID_VALUE, "a", COUNTER, mine);
        assertRefused(ProblemType.INVALID_VALUE, "a", SEMAPHORE, held(COUNTER, 1));
    }

    @Test
    void afterTheEndNothingIsTaken() throws IOException {
        var mine = held(COUNTER, 1);
        restore(waiting("a", COUNTER, mine));
        daemon.eventfds.endWaits(End.SHUT_DOWN);
        assertRefused(ProblemType.SHUTTING_DOWN, "a", COUNTER, mine);
        assertThat(daemon.eventfds.succession().vacancies()).hasSize(1);
    }

    // What is no donation

    private void assertInvalid(Client client, byte[] packet, Fd... fds) {
        assertThat(client.ask(packet, fds).slug()).isEqualTo("invalid-request");
    }

    @Test
    void asManyDescriptorsAsEntriesHaveToCome() throws IOException {
        var mine = held(COUNTER, 1);
        restore(waiting("a", COUNTER, mine), waiting("b", COUNTER, mine));
        var client = daemon.client();
        var one = packet(as("a", COUNTER));
        var two = packet(as("a", COUNTER), as("b", COUNTER));
        assertInvalid(client, one);
        assertInvalid(client, one, mine.fd(), mine.fd());
        assertInvalid(client, two, mine.fd());
        try (var reply = client.ask(one, mine.fd())) {
            assertThat(only(reply).result()).isEqualTo(Result.ADOPTED);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'op':'donate'}",
                "{'op':'donate','eventfds':[]}",
                "{'op':'donate','eventfds':7}",
                "{'op':'donate','eventfds':[{'name':'a'}],'more':1}",
                "{'op':'donate','eventfds':[{'name':'a','more':1}]}",
                "{'op':'donate','eventfds':[{}]}",
                "{'op':'takeover'}",
                "{'op':'open','eventfds':[{'name':'a','create':{}}]}",
                "{'op':'donate'",
                "x",
            })
    void whatIsNoDonationIsInvalidAndTheConnectionGoesOn(String json) throws IOException {
        var mine = held(COUNTER, 1);
        var client = daemon.client();
        assertInvalid(client, json.replace('\'', '"').getBytes(UTF_8), mine.fd());
        assertThat(daemon.eventfds.size()).isZero();
        client.open(creating("a")).close();
    }

    @Test
    void aNameTwiceIsInvalid() throws IOException {
        var mine = held(COUNTER, 1);
        var twice = "{\"op\":\"donate\",\"eventfds\":[{\"name\":\"a\"},{\"name\":\"a\"}]}";
        assertInvalid(daemon.client(), twice.getBytes(UTF_8), mine.fd(), mine.fd());
    }

    @Test
    void onePacketTooLargeIsToldAndItsDescriptorsAreClosed() throws IOException {
        var mine = held(COUNTER, 1);
        var one = packet(as("a", COUNTER));
        var large = Arrays.copyOf(one, 70_000);
        Arrays.fill(large, one.length, large.length, (byte) ' ');
        var client = daemon.client();
        assertThat(client.ask(large, mine.fd()).slug()).isEqualTo("too-large");
        client.open(creating("b")).close();
    }

    // Others

    private String stranger(int uid, String packet, String... kinds) throws Exception {
        assumeTrue(OpenFiles.effectiveUser() == 0, "only root can be another user");
        Files.setPosixFilePermissions(
                daemon.path.getParent(), PosixFilePermissions.fromString("rwx--x--x"));
        Files.setPosixFilePermissions(daemon.path, PosixFilePermissions.fromString("rw-rw-rw-"));
        var script = Path.of(DonateTest.class.getResource("/stranger.py").toURI()).toString();
        var command = new ArrayList<>(List.of("python3", script, daemon.path.toString()));
        command.add(Integer.toString(uid));
        command.add(packet.replace('\'', '"'));
        command.addAll(List.of(kinds));
        // Files at both ends of all three: a pipe to a process is closed when the JDK likes, and
        // the one for errors is there even if they are redirected to the output.
        var output = daemon.path.resolveSibling("said");
        var process =
                new ProcessBuilder(command)
                        .redirectInput(new File("/dev/null"))
                        .redirectOutput(Redirect.appendTo(output.toFile()))
                        .redirectError(Redirect.appendTo(output.toFile()))
                        .start();
        int status = process.waitFor();
        var said = Files.readString(output).strip();
        Files.delete(output);
        assertThat(status).as(said).isZero();
        return said;
    }

    @ParameterizedTest
    @ValueSource(strings = {"pipe", "memfd", "timerfd", "epoll", "socket", "file"})
    void whatIsNoEventfdIsInvalid(String kind) throws Exception {
        daemon.eventfds.succession().restore(List.of(), List.of(), LONG, true);
        assertThat(stranger(0, "{'op':'donate','eventfds':[{'name':'a'}]}", kind))
                .isEqualTo(
                        "{\"eventfds\":[{\"name\":\"a\",\"result\":\"refused\","
                                + "\"problem\":\"urn:eventfdd:problem:invalid-value\"}]}");
        assertThat(daemon.eventfds.size()).isZero();
    }

    @Test
    void aUserWithoutTheRightsGetsAndGivesNothing() throws Exception {
        var mine = held(COUNTER, 1);
        restore(
                waiting("waits", COUNTER.withMode("0664"), mine),
                anew("stands", COUNTER.withMode("0662"), mine));
        for (var name : List.of("waits", "stands")) {
            assertThat(
                            stranger(
                                    STRANGER,
                                    "{'op':'donate','eventfds':[{'name':'" + name + "'}]}",
                                    "counter"))
                    .endsWith(
                            "\"result\":\"refused\","
                                    + "\"problem\":\"urn:eventfdd:problem:forbidden\"}]}");
        }
        assertThat(daemon.eventfds.succession().vacancies()).hasSize(1);
        assertThat(daemon.eventfds.denials()).isEqualTo(2);
    }

    @Test
    void onlyItsOwnUserAndRootTakeADaemonOver() throws Exception {
        long before = daemon.eventfds.denials();
        assertThat(stranger(STRANGER, "{'op':'takeover'}")).contains(":forbidden\"");
        assertThat(daemon.eventfds.denials()).isEqualTo(before + 1);
        daemon.client().open(creating("a")).close();
    }

    @Test
    void oneDaemonTakesOverAtATime() throws IOException {
        var heir = daemon.client();
        var second = daemon.client();
        heir.send("{\"op\":\"takeover\"}".getBytes(UTF_8));
        until(() -> daemon.eventfds.isTurning());
        assertThat(second.ask("{'op':'takeover'}").slug()).isEqualTo("shutting-down");
        assertThat(second.ask("{'op':'takeover','now':true}").slug()).isEqualTo("invalid-request");
        assertThat(heir.hasSomething()).as("it waits for what it gets").isFalse();
        second.send(request(creating("a")));
        second.reply().close();
    }
}
