package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eventfdd.internal.linux.EpollEvents.Layout;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

class EpollTest {
    private static final int BOUND = 20_000;

    private Map<Integer, String> before;
    private Epoll epoll;
    private EventFd eventFd;

    @BeforeEach
    void create() throws IOException {
        before = Descriptors.open();
        epoll = Epoll.create(4);
        eventFd = EventFd.create(0, false, true);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        epoll.close();
        eventFd.close();
        assertThat(Descriptors.openedSince(before)).isEmpty();
    }

    private int found() throws ErrnoException {
        return epoll.await(0);
    }

    @Test
    void anEventIsPackedOnX8664Only() {
        assertThat(Layout.of("amd64")).isEqualTo(new Layout(12, 4));
        assertThat(Layout.of("x86_64")).isEqualTo(new Layout(12, 4));
        assertThat(Layout.of("aarch64")).isEqualTo(new Layout(16, 8));
        assertThat(Layout.of("riscv64")).isEqualTo(new Layout(16, 8));
    }

    @Test
    void theKernelOfThisMachineAgrees() throws ErrnoException {
        epoll.add(eventFd.fd(), Epoll.OUT, 0x0123456789abcdefL);
        try (var other = EventFd.create(1, false, true)) {
            epoll.add(other.fd(), Epoll.IN, -1L);
            assertThat(found()).isEqualTo(2);
            assertThat(List.of(epoll.data(0), epoll.data(1)))
                    .containsExactlyInAnyOrder(0x0123456789abcdefL, -1L);
            assertThat(List.of(epoll.events(0), epoll.events(1)))
                    .containsExactlyInAnyOrder(Epoll.OUT, Epoll.IN);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 0xffffffffL, 0x100000000L, Long.MIN_VALUE, Long.MAX_VALUE})
    void dataComesBackWhole(long data) throws ErrnoException {
        epoll.add(eventFd.fd(), Epoll.OUT, data);
        assertThat(found()).isEqualTo(1);
        assertThat(epoll.data(0)).isEqualTo(data);
        epoll.modify(eventFd.fd(), Epoll.OUT, ~data);
        assertThat(found()).isEqualTo(1);
        assertThat(epoll.data(0)).isEqualTo(~data);
    }

    @Test
    void whatIsReadableIsToldAgainAndAgain() throws ErrnoException {
        epoll.add(eventFd.fd(), Epoll.IN, 7);
        assertThat(found()).isZero();
        eventFd.write(1);
        assertThat(found()).isEqualTo(1);
        assertThat(found()).isEqualTo(1);
        assertThat(epoll.events(0)).isEqualTo(Epoll.IN);
        eventFd.read();
        assertThat(found()).isZero();
    }

    @Test
    void edgeTriggeredItIsToldOnceForEachWrite() throws ErrnoException {
        eventFd.write(1);
        epoll.add(eventFd.fd(), Epoll.IN | Epoll.ET, 7);
        assertThat(found()).as("what was there before").isEqualTo(1);
        assertThat(found()).isZero();
        eventFd.write(1);
        assertThat(found()).isEqualTo(1);
        assertThat(found()).isZero();
        epoll.modify(eventFd.fd(), Epoll.IN | Epoll.ET, 7);
        assertThat(found()).as("a change looks at once").isEqualTo(1);
    }

    @Test
    void oneShotItIsToldOnceUntilAskedAgain() throws ErrnoException {
        epoll.add(eventFd.fd(), Epoll.IN | Epoll.ONESHOT, 7);
        eventFd.write(1);
        assertThat(found()).isEqualTo(1);
        eventFd.write(1);
        assertThat(found()).isZero();
        epoll.modify(eventFd.fd(), Epoll.IN | Epoll.ONESHOT, 8);
        assertThat(found()).isEqualTo(1);
        assertThat(epoll.data(0)).isEqualTo(8);
    }

    @Test
    void roomIsToldToo() throws ErrnoException {
        epoll.add(eventFd.fd(), Epoll.OUT, 7);
        eventFd.write(-2L);
        assertThat(found()).isZero();
        eventFd.read();
        assertThat(found()).isEqualTo(1);
        assertThat(epoll.events(0)).isEqualTo(Epoll.OUT);
    }

    @Test
    void aHangUpIsToldThoughNobodyAsked(@TempDir Path directory) throws ErrnoException {
        var path = directory.resolve("s");
        try (var listener = SeqPacketSocket.listen(path, 0600, 1);
                var client = SeqPacketSocket.connect(path, Duration.ofSeconds(10));
                var server = listener.accept().orElseThrow()) {
            epoll.add(server.fd(), 0, 9);
            client.send(new PacketBuffer(8, 0), "x".getBytes(UTF_8), List.of());
            assertThat(found()).as("something to read").isZero();
            client.shutdown();
            assertThat(epoll.await(BOUND)).isEqualTo(1);
            assertThat(epoll.events(0) & Epoll.HUP).isNotZero();
            assertThat(epoll.data(0)).isEqualTo(9);
        }
    }

    @Test
    void whatIsRemovedIsNotToldThoughAnotherHoldsItOpen() throws ErrnoException {
        eventFd.write(1);
        epoll.add(eventFd.fd(), Epoll.IN, 7);
        try (var holder = eventFd.fd().duplicate()) {
            epoll.remove(eventFd.fd());
            eventFd.close();
            assertThat(found()).isZero();
            epoll.add(holder, Epoll.IN, 8);
            assertThat(found()).isEqualTo(1);
        }
    }

    @Test
    void moreThanThereIsRoomForComeWithTheNextLook() throws ErrnoException {
        var many = new ArrayList<EventFd>();
        for (int i = 0; i < 6; i++) {
            many.add(EventFd.create(1, false, true));
            epoll.add(many.get(i).fd(), Epoll.IN | Epoll.ET, i);
        }
        var told = new HashSet<Long>();
        int first = found();
        assertThat(first).isEqualTo(4);
        for (int i = 0; i < first; i++) {
            told.add(epoll.data(i));
        }
        int second = found();
        assertThat(second).isEqualTo(2);
        for (int i = 0; i < second; i++) {
            told.add(epoll.data(i));
        }
        assertThat(told).hasSize(6);
        many.forEach(EventFd::close);
    }

    @Test
    void anotherThreadMayAddWhileOneWaits() throws ErrnoException {
        var wait = Bounded.start(() -> epoll.await(-1));
        eventFd.write(1);
        epoll.add(eventFd.fd(), Epoll.IN, 7);
        assertThat(Bounded.result(wait)).isEqualTo(1);
        assertThat(epoll.data(0)).isEqualTo(7);
    }

    @Test
    void aWaitIsNotShorterThanItsTime() throws ErrnoException {
        long begun = System.nanoTime();
        assertThat(epoll.await(20)).isZero();
        assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(20_000_000);
    }

    @Test
    void whatTheKernelRefusesIsToldWithTheCall(@TempDir Path directory) throws IOException {
        int number = eventFd.fd().number();
        epoll.add(eventFd.fd(), Epoll.IN, 7);
        assertThatThrownBy(() -> epoll.add(eventFd.fd(), Epoll.IN, 7))
                .hasMessageStartingWith("epoll_ctl(ADD, fd=" + number + "): EEXIST (");
        epoll.remove(eventFd.fd());
        assertThatThrownBy(() -> epoll.remove(eventFd.fd()))
                .hasMessageStartingWith("epoll_ctl(DEL, fd=" + number + "): ENOENT (");
        assertThatThrownBy(() -> epoll.modify(eventFd.fd(), Epoll.IN, 7))
                .hasMessageStartingWith("epoll_ctl(MOD, fd=" + number + "): ENOENT (");
        var file = Files.createFile(directory.resolve("file"));
        try (var regular = Fd.adopt(LIBC.open((file + "\0").getBytes(UTF_8), 0x80000, 0))) {
            assertThatThrownBy(() -> epoll.add(regular, Epoll.IN, 7))
                    .hasMessageStartingWith("epoll_ctl(ADD, fd=" + regular.number() + "): EPERM (");
        }
    }
}
