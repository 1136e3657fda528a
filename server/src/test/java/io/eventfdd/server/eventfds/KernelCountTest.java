package io.eventfdd.server.eventfds;

import static io.eventfdd.server.eventfds.LoopUnderTest.NOT_AT_ALL;
import static io.eventfdd.server.eventfds.LoopUnderTest.name;
import static io.eventfdd.server.eventfds.LoopUnderTest.result;
import static io.eventfdd.server.eventfds.LoopUnderTest.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.server.testing.KernelSignal;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A count of 2^64-1, which no write reaches, but the kernel does for asynchronous I/O. */
@Timeout(300)
class KernelCountTest {
    private static final long OVER_ALL_WRITES = -1L;

    private LoopUnderTest it;
    private EventfdName name;
    private Caller client;

    @BeforeEach
    void aCountThatTheKernelMade() throws Exception {
        it = new LoopUnderTest();
        client = it.client().caller();
        name = it.counter("k");
        it.write(name, Count.MAX);
        try (var holder = holder()) {
            KernelSignal.add(holder.number());
        }
    }

    @AfterEach
    void stop() throws Exception {
        it.close();
    }

    private Fd holder() {
        var opened = new CompletableFuture<Fd>();
        it.loop.submit(() -> {
            var request = new OpenRequest(List.of(OpenRequest.Entry.of(name)));
            opened.complete(
                    it.eventfds.handouts().open(request, client).fds().getFirst().duplicate());
        });
        return result(opened);
    }

    private Reading read() {
        return it.eventfds.read(name, new ReadRequest(NOT_AT_ALL), client).orElseThrow();
    }

    @Test
    void itIsShownAndReadAsItIs() {
        assertThat(it.count(name)).isEqualTo(OVER_ALL_WRITES);
        assertThat(it.eventfds.await(name, NOT_AT_ALL, client).orElseThrow().value())
                .isEqualTo(OVER_ALL_WRITES);
        assertThat(read().toString()).isEqualTo("k=18446744073709551615");
        assertThat(it.count(name)).isZero();
    }

    @Test
    void aWriteFindsNoRoom() {
        assertThat(it.write(name, 1)).isFalse();
        assertThat(it.count(name)).isEqualTo(OVER_ALL_WRITES);
    }

    @Test
    void ifItGoesBackAllOfItGoesBack() {
        it.eventfds.putBack(List.of(read()));
        until(() -> it.count(name) == Count.MAX);
        assertThat(read().value()).isEqualTo(Count.MAX);
        until(() -> it.count(name) == 1);
        assertThat(read().value()).isEqualTo(1);
    }

    @Test
    void aWaitingReaderGetsWhatGoesBack() {
        var taken = read();
        var reader = it.reading(name, 1);
        it.eventfds.putBack(List.of(taken));
        assertThat(result(reader).orElseThrow().value()).isEqualTo(Count.MAX);
        until(() -> it.count(name) == 1);
    }

    @Test
    void aNameThatBeginsAnewHasAllOfIt() {
        var identity =
                new Identity(name("anew"), EventfdSpec.counter(), new Owner(0, 0), Instant.now());
        it.eventfds
                .succession()
                .restore(
                        List.of(),
                        List.of(
                                new Vacancy(
                                        identity, false, OVER_ALL_WRITES, List.of(), Former.NONE)),
                        NOT_AT_ALL,
                        false);
        assertThat(it.count(name("anew"))).isEqualTo(Count.MAX);
        assertThat(it.read(name("anew"))).isEqualTo(Count.MAX);
        until(() -> it.read(name("anew")) == 1);
    }
}
