package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Each binding of the calls that a signal is made of; Java 17 has one, Java 22 two. */
class SignalCallsTest {
    private static final int EBADF = 9;
    private static final int EINVAL = 22;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPIPE = 32;
    private static final int ECONNRESET = 104;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int NOT_OPEN = 999_999;

    private final ReadBuffer buffer = new ReadBuffer();

    /** Two packet sockets that are connected with each other. */
    private record Pair(SeqPacketSocket client, SeqPacketSocket server) implements AutoCloseable {
        static Pair connected(Path directory) throws ErrnoException {
            var path = directory.resolve("s");
            try (var listener = SeqPacketSocket.listen(path, 0600, 1)) {
                var client = SeqPacketSocket.connect(path, Duration.ofSeconds(10));
                return new Pair(client, listener.accept().orElseThrow());
            }
        }

        @Override
        public void close() {
            client.close();
            server.close();
        }
    }

    static Stream<SignalCalls> bindings() {
        return Stream.of(new LibcCalls(), SignalCalls.FASTEST);
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void everyCountComesBackWhole(SignalCalls calls) throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, true)) {
            int fd = eventFd.fd().number();
            for (long value : new long[] {1, (1L << 53) + 1, 1L << 63, -2}) {
                assertThat(calls.isReadable(fd)).isZero();
                assertThat(calls.write(fd, value)).isZero();
                assertThat(calls.isReadable(fd)).isOne();
                assertThat(calls.readNow(fd, buffer)).isEqualTo(value);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void nothingToReadIsEagainThoughTheDescriptionBlocks(SignalCalls calls) throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, false)) {
            assertThat(calls.readNow(eventFd.fd().number(), buffer)).isZero();
            assertThat(buffer.errno()).isEqualTo(Errno.EAGAIN);
        }
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void noRoomIsEagainAndAddsNothing(SignalCalls calls) throws ErrnoException {
        try (var eventFd = EventFd.create(0, false, true)) {
            int fd = eventFd.fd().number();
            assertThat(calls.write(fd, -2)).isZero();
            assertThat(calls.write(fd, 1)).isEqualTo(-Errno.EAGAIN);
            assertThat(calls.readNow(fd, buffer)).isEqualTo(-2);
            assertThat(calls.write(fd, -1)).isEqualTo(-EINVAL);
            assertThat(eventFd.count()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void aWaitTellsHowManyAreReady(SignalCalls calls) throws ErrnoException {
        var events = new EpollEvents(EpollEvents.Layout.ofThisMachine(), 1);
        try (var eventFd = EventFd.create(0, false, true);
                var epoll = Fd.adopt(Libc.LIBC.epoll_create1(0))) {
            int fd = eventFd.fd().number();
            events.set(Epoll.IN, 7);
            Libc.LIBC.epoll_ctl(epoll.number(), EPOLL_CTL_ADD, fd, events.address());
            var memory = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            memory.putLong(0, Readiness.pollfd(fd));
            long address = Libc.LIBC.address(memory);
            assertThat(calls.poll(address, 1, 0)).isZero();
            assertThat(calls.epollWait(epoll.number(), events.address(), 1, 0)).isZero();
            eventFd.write(1);
            assertThat(calls.poll(address, 1, -1)).isOne();
            assertThat(calls.epollWait(epoll.number(), events.address(), 1, -1)).isOne();
            assertThat(events.data(0)).isEqualTo(7);
            assertThat(calls.epollWait(NOT_OPEN, events.address(), 1, -1)).isEqualTo(-EBADF);
            assertThat(calls.epollWait(epoll.number(), events.address(), 0, -1)).isEqualTo(-EINVAL);
        }
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void aPacketArrivesWhole(SignalCalls calls, @TempDir Path directory) throws ErrnoException {
        var packet = new PacketBuffer(8, 1);
        try (var pair = Pair.connected(directory);
                var eventFd = EventFd.create(0, false, true)) {
            int to = pair.client().fd().number();
            int from = pair.server().fd().number();
            packet.makeRoom(true);
            assertThat(calls.recvmsg(from, packet, MSG_DONTWAIT)).isEqualTo(-Errno.EAGAIN);
            packet.put("hello".getBytes(US_ASCII), List.of(eventFd.fd()));
            assertThat(calls.sendmsg(to, packet, MSG_NOSIGNAL)).isEqualTo(5);
            assertThat(calls.untaken(to)).isGreaterThan(5);
            packet.makeRoom(true);
            assertThat(calls.recvmsg(from, packet, MSG_DONTWAIT)).isEqualTo(5);
            assertThat(packet.bytes(5)).isEqualTo("hello".getBytes(US_ASCII));
            var received = packet.adoptFds();
            assertThat(received).hasSize(1).allMatch(EventFd::isEventfd);
            received.forEach(Fd::close);
            assertThat(calls.untaken(to)).isLessThanOrEqualTo(1);
        }
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void aPacketWithoutDescriptorsArrivesWhole(SignalCalls calls, @TempDir Path directory)
            throws ErrnoException {
        var packet = new PacketBuffer(8, 1);
        try (var pair = Pair.connected(directory)) {
            int to = pair.client().fd().number();
            int from = pair.server().fd().number();
            packet.makeRoomForBytes();
            assertThat(calls.recv(from, packet, MSG_DONTWAIT)).isEqualTo(-Errno.EAGAIN);
            packet.put("hello".getBytes(US_ASCII), List.of());
            assertThat(calls.send(to, packet, MSG_NOSIGNAL)).isEqualTo(5);
            packet.put("you".getBytes(US_ASCII), List.of());
            assertThat(calls.send(to, packet, MSG_NOSIGNAL)).isEqualTo(3);
            packet.makeRoomForBytes();
            assertThat(calls.recv(from, packet, MSG_DONTWAIT)).isEqualTo(5);
            assertThat(packet.bytes(5)).isEqualTo("hello".getBytes(US_ASCII));
            assertThat(calls.recv(from, packet, MSG_DONTWAIT)).isEqualTo(3);
            assertThat(packet.bytes(3)).isEqualTo("you".getBytes(US_ASCII));
        }
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void aPeerThatHasGoneIsToldOnce(SignalCalls calls, @TempDir Path directory)
            throws ErrnoException {
        var packet = new PacketBuffer(8, 0);
        try (var pair = Pair.connected(directory)) {
            int fd = pair.client().fd().number();
            packet.put("hello".getBytes(US_ASCII), List.of());
            assertThat(calls.sendmsg(fd, packet, MSG_NOSIGNAL)).isEqualTo(5);
            pair.server().close();
            packet.makeRoom(false);
            assertThat(calls.recvmsg(fd, packet, MSG_DONTWAIT)).isEqualTo(-ECONNRESET);
            assertThat(calls.recvmsg(fd, packet, MSG_DONTWAIT)).isZero();
            packet.put("hello".getBytes(US_ASCII), List.of());
            assertThat(calls.sendmsg(fd, packet, MSG_NOSIGNAL)).isEqualTo(-EPIPE);
            assertThat(calls.send(fd, packet, MSG_NOSIGNAL)).isEqualTo(-EPIPE);
        }
    }

    @ParameterizedTest
    @MethodSource("bindings")
    void whatIsNotOpenIsToldByItsErrno(SignalCalls calls) {
        assertThat(calls.write(NOT_OPEN, 1)).isEqualTo(-EBADF);
        assertThat(calls.readNow(NOT_OPEN, buffer)).isZero();
        assertThat(buffer.errno()).isEqualTo(EBADF);
        assertThat(calls.isReadable(NOT_OPEN)).as("poll says so in another way").isZero();
        assertThat(calls.statusFlags(NOT_OPEN)).isEqualTo(-EBADF);
        assertThat(calls.untaken(NOT_OPEN)).isEqualTo(-EBADF);
        assertThat(calls.recvmsg(NOT_OPEN, new PacketBuffer(8, 0), 0)).isEqualTo(-EBADF);
        assertThat(calls.recv(NOT_OPEN, new PacketBuffer(8, 0), 0)).isEqualTo(-EBADF);
        assertThat(calls.send(NOT_OPEN, new PacketBuffer(8, 0), 0)).isEqualTo(-EBADF);
    }
}
