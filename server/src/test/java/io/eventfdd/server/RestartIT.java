package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;
import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.KernelSignal;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/** Names, specs and counts are after a daemon's end what they were before it. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RestartIT {
    /** {@code -Deventfdd.test.takeovers=20} makes it longer. */
    private static final int TAKEOVERS = Integer.getInteger("eventfdd.test.takeovers", 3);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<EventfddClient> clients = new ArrayList<>();
    private DaemonProcess daemon;

    private void start(String... options) throws Exception {
        daemon = DaemonProcess.start(options);
    }

    @AfterEach
    void stop() throws Exception {
        clients.forEach(EventfddClient::close);
        threads.shutdownNow();
        daemon.close();
    }

    private EventfddClient client(Transport transport) {
        var client =
                EventfddClient.builder()
                        .runtimeDirectory(daemon.directory())
                        .transport(transport)
                        .outage(Duration.ofMinutes(1))
                        .timeout(Duration.ofMinutes(1))
                        .connect();
        clients.add(client);
        return client;
    }

    private void kill() throws Exception {
        daemon.signal("KILL");
        daemon.exitStatus();
    }

    private void endAndStartAgain() throws Exception {
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).isZero();
        daemon.restart();
    }

    // Stopped and started

    @Test
    void aPlannedRestartKeepsNamesSpecsOwnersTimesAndCounts() throws Exception {
        start();
        var http = client(Transport.HTTP);
        http.create("counter", EventfdSpec.counter().withInitial(7).withMode("0640"));
        http.create("semaphore", EventfdSpec.semaphoreOf(3).withNonblocking(false));
        http.open("full", EventfdSpec.counter()).write(-2);
        var before = http.list();
        endAndStartAgain();
        assertThat(http.list()).isEqualTo(before);
        endAndStartAgain();
        assertThat(http.list()).as("once more").isEqualTo(before);
    }

    /** The count of a raw holder whose asynchronous I/O is complete: no write can restore it. */
    @Test
    void aCountThatOnlyTheKernelCanMakeIsKeptAndSoAreTheNamesBesideIt() throws Exception {
        start("--reclaim-time=0s");
        var http = client(Transport.HTTP);
        http.create("seven", EventfdSpec.counter().withInitial(7));
        http.create("many", EventfdSpec.counter().withInitial(42));

        fillAsOnlyTheKernelCan("full");
        assertThat(http.state("full").count()).isEqualTo(-1);
        endAndStartAgain();
        assertThat(http.state("seven").count()).isEqualTo(7);
        assertThat(http.state("many").count()).isEqualTo(42);
        assertThat(http.open("full").read()).isEqualTo(Count.MAX);
        assertThat(http.open("full").read()).as("the rest").isEqualTo(1);

        fillAsOnlyTheKernelCan("full");
        try (var leaving = daemon.connect()) {
            leaving.call("POST", "/v1/eventfds/full/read", "");
            until(() -> http.state("full").count() == 0);
        }
        until(() -> http.state("full").count() == Count.MAX);
        endAndStartAgain();
        assertThat(http.state("seven").count()).isEqualTo(7);
        assertThat(http.state("many").count()).isEqualTo(42);
        assertThat(http.open("full").read()).isEqualTo(Count.MAX);
        assertThat(http.open("full").read()).as("the rest").isEqualTo(1);
        assertThat(daemon.log()).doesNotContain("ERROR");
    }

    private void fillAsOnlyTheKernelCan(String name) throws Exception {
        try (var holder = client(Transport.RAW)) {
            var eventfd = holder.open(name, EventfdSpec.counter());
            eventfd.write(Count.MAX);
            KernelSignal.add(eventfd.fd().orElseThrow());
        }
    }

    @Test
    void theStateSaysWhatHoldersMadeOfTheFlagAfterATakeoverToo() throws Exception {
        start();
        var http = client(Transport.HTTP);
        var raw = client(Transport.RAW);
        http.create("alone", EventfdSpec.counter().withNonblocking(false));
        var held = raw.open("held", EventfdSpec.counter());
        Fd.borrow(held.fd().orElseThrow()).setNonblocking(false);
        daemon.takeOver();
        assertThat(http.state("alone").spec().nonblocking()).isFalse();
        assertThat(http.open("alone").tryRead()).as("the daemon does not block").isEmpty();
        assertThat(http.state("held").spec().nonblocking()).isFalse();
        raw.open("held").close();
        assertThat(http.state("held").spec().nonblocking()).isTrue();
        assertThat(Fd.borrow(held.fd().orElseThrow()).isNonblocking()).isTrue();
    }

    @Test
    void whatWasDeletedStaysDeleted() throws Exception {
        start();
        var http = client(Transport.HTTP);
        var raw = client(Transport.RAW);
        var held = raw.open("gone", EventfdSpec.counter());
        held.write(3);
        http.delete("gone");
        endAndStartAgain();
        assertThat(http.list()).isEmpty();
        var another = http.open("gone", EventfdSpec.counter());
        raw.open("gone").close();
        assertThat(another.count()).isZero();
        assertThat(held.count()).as("its holder has it still, and alone").isEqualTo(3);
    }

    @Test
    void aCallWithAKeyGetsItsAnswerFromTheNextDaemonToo() throws Exception {
        start();
        client(Transport.HTTP).create("n", EventfdSpec.counter());
        assertThat(writeWithKey()).isEqualTo("{\"name\":\"n\",\"value\":5}");
        endAndStartAgain();
        assertThat(writeWithKey()).isEqualTo("{\"name\":\"n\",\"value\":5}");
        daemon.takeOver();
        assertThat(writeWithKey()).isEqualTo("{\"name\":\"n\",\"value\":5}");
        assertThat(client(Transport.HTTP).state("n").count()).isEqualTo(5);
    }

    /** As daemons wrote it once: nobody can say what the date means, if the clock was set since. */
    @ParameterizedTest
    @ValueSource(strings = {"1970-01-01T00:00:00Z", "2999-12-31T23:59:59Z"})
    void aKeyWhoseEndIsADateIsKeptWhateverThatIs(String date) throws Exception {
        start();
        client(Transport.HTTP).create("n", EventfdSpec.counter());
        writeWithKey();
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).isZero();
        var table = daemon.directory().resolve("table");
        var former = read(table).replaceAll("\"life\":\"[^\"]+\"", "\"lapses\":\"" + date + '"');
        assertThat(former).contains(date);
        Files.writeString(table, former);
        daemon.restart();
        writeWithKey();
        assertThat(client(Transport.HTTP).state("n").count()).isEqualTo(5);
    }

    private String writeWithKey() {
        return daemon.request()
                .contentType("application/json")
                .header("Idempotency-Key", "once")
                .body("{\"value\":5}")
                .post("/v1/eventfds/n/write")
                .then()
                .statusCode(200)
                .extract()
                .asString();
    }

    @Test
    void aCallerWhoWaitsOverHttpGoesOnWaiting() throws Exception {
        start();
        var eventfd = client(Transport.HTTP).open("n", EventfdSpec.counter());
        var read = threads.submit(() -> eventfd.read(Duration.ofSeconds(60)));
        awaitWaiter();
        endAndStartAgain();
        awaitWaiter();
        kill();
        daemon.restart();
        awaitWaiter();
        daemon.takeOver();
        awaitWaiter();
        client(Transport.HTTP).open("n").write(4);
        assertThat(read.get(20, TimeUnit.SECONDS)).isEqualTo(OptionalLong.of(4));
    }

    private void awaitWaiter() {
        var asking = client(Transport.HTTP);
        until(() -> asking.state("n").waiters() == 1);
    }

    // Killed

    /** A call that comes first waits for that. */
    @Test
    void aHolderBringsTheNameItsCountBack() throws Exception {
        start("--reclaim-time=1h");
        var held = client(Transport.RAW).open("orders", EventfdSpec.counter());
        var http = client(Transport.HTTP);
        var waiting = threads.submit(() -> http.open("done", EventfdSpec.counter()).read());
        held.write(41);
        kill();
        held.write(1);
        daemon.restart();
        assertThat(http.state("orders").count()).isEqualTo(42);
        http.open("orders").write(8);
        assertThat(held.read()).as("the same kernel object").isEqualTo(50);
        http.open("done", EventfdSpec.counter()).write(6);
        assertThat(waiting.get(20, TimeUnit.SECONDS)).isEqualTo(6);
    }

    @Test
    void aNameThatNobodyBringsBackBeginsAnew() throws Exception {
        start("--reclaim-time=100ms");
        var held = client(Transport.RAW).open("orders", EventfdSpec.semaphoreOf(3));
        held.write(2);
        assertThat(held.count()).isEqualTo(5);
        clients.forEach(EventfddClient::close);
        kill();
        daemon.restart();
        var http = client(Transport.HTTP);
        assertThat(http.state("orders").count()).as("as it was made").isEqualTo(3);
        assertThat(http.state("orders").spec().semaphore()).isTrue();
        http.delete("orders");
    }

    @Test
    void twoHoldersOfTwoObjectsEndOnOneWithTheSum() throws Exception {
        start("--reclaim-time=0s");
        var first = client(Transport.RAW).open("orders", EventfdSpec.counter());
        first.write(5);
        var table = daemon.directory().resolve("table");
        until(() -> read(table).contains("handed-out"));
        kill();
        daemon.restart();
        var second = client(Transport.RAW).open("orders", EventfdSpec.counter());
        second.write(2);
        until(() -> first.count() == second.count() && first.count() == 7);
        first.write(1);
        assertThat(second.read()).isEqualTo(8);
        assertThat(client(Transport.HTTP).state("orders").count()).isZero();
    }

    /** The name has begun anew by then, with the count that the holder has as well. */
    @Test
    void aHolderThatComesLateAfterAPlannedEndBringsWhatItHasMore() throws Exception {
        start("--reclaim-time=0s");
        var first = client(Transport.RAW).open("orders", EventfdSpec.counter());
        first.write(5);
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).isZero();
        first.write(2);
        daemon.restart();
        var second = client(Transport.RAW).open("orders", EventfdSpec.counter());
        until(() -> first.count() == second.count() && first.count() == 7);
        first.write(1);
        assertThat(second.read()).as("nothing is there twice").isEqualTo(8);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // Taken over

    @Test
    void everyCountIsConservedWhileDaemonsTakeOverUnderLoad() throws Exception {
        start();
        var running = new AtomicBoolean(true);
        var written = new LongAdder();
        var taken = new LongAdder();
        var workers = new ArrayList<Future<Void>>();
        var http = client(Transport.HTTP);
        for (var client : List.of(client(Transport.RAW), http, http, http, http)) {
            var eventfd = client.open("load", EventfdSpec.counter());
            workers.add(threads.submit(writer(eventfd, running, written)));
            workers.add(threads.submit(reader(eventfd, running, taken)));
        }
        for (int i = 0; i < TAKEOVERS; i++) {
            long before = taken.sum();
            until(() -> taken.sum() > before);
            daemon.takeOver();
        }
        running.set(false);
        for (var worker : workers) {
            worker.get(2, TimeUnit.MINUTES);
        }
        var left = client(Transport.HTTP).state("load").count();
        assertThat(taken.sum() + left).isEqualTo(written.sum());
        daemon.signal("TERM");
        assertThat(daemon.exitStatus()).as(daemon.log()).isZero();
        assertThat(daemon.log()).doesNotContain("ERROR");
    }

    private static Callable<Void> writer(
            Eventfd eventfd, AtomicBoolean running, LongAdder written) {
        return () -> {
            for (long value = 1; running.get(); value = 1 + value % 9) {
                if (eventfd.write(value, Duration.ofMinutes(1))) {
                    written.add(value);
                }
            }
            return null;
        };
    }

    private static Callable<Void> reader(Eventfd eventfd, AtomicBoolean running, LongAdder taken) {
        return () -> {
            while (running.get()) {
                eventfd.read(Duration.ofMillis(100)).ifPresent(taken::add);
            }
            return null;
        };
    }
}
