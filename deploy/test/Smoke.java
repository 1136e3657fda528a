import io.eventfdd.internal.linux.Epoll;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.PacketBuffer;
import io.eventfdd.internal.linux.Received;
import io.eventfdd.internal.linux.SeqPacketSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;

/** Each of the kernel's calls once, for a machine that is not ours: what it prints is what went through the kernel. */
public class Smoke {
    public static void main(String[] arguments) throws Exception {
        var directory = Files.createTempDirectory("smoke");
        long cookie = 0x0123456789abcdefL; // all of its bytes differ: a wrong offset in epoll_event shows
        try (var eventfd = EventFd.create(0, false, true);
                var other = EventFd.create(0, true, true);
                var epoll = Epoll.create(4);
                var listener = SeqPacketSocket.listen(directory.resolve("s"), 0600, 1);
                var client = SeqPacketSocket.connect(directory.resolve("s"), Duration.ofSeconds(5));
                var accepted = listener.accept().orElseThrow()) {
            epoll.add(eventfd.fd(), Epoll.IN, cookie);
            epoll.add(other.fd(), Epoll.IN, ~cookie);
            expect(0, epoll.await(0), "events of two at 0");

            accepted.send(new PacketBuffer(16, 1), new byte[] {42}, List.of(eventfd.fd()));
            var packet = (Received.Packet) client.receive(new PacketBuffer(16, 1), Duration.ofSeconds(5));
            expect(42, packet.bytes()[0], "the packet");
            expect(1, packet.fds().size(), "descriptors with it");
            try (var received = EventFd.adopt(packet.fds().get(0))) {
                received.write(-2); // 2^64-2, the greatest
            }
            expect(-2, eventfd.count(), "the count in /proc");
            other.write(3);
            expect(2, epoll.await(1000), "events of both");
            expect(0, epoll.data(0) + epoll.data(1) + 1, "both cookies");
            expect(-2, eventfd.read(), "a read of all");
            expect(1, other.read(), "a semaphore's read");
            expect(0, eventfd.read(), "a read of nothing");
            expect(ProcessHandle.current().pid(), accepted.peer().pid(), "the peer's process");
        } finally {
            Files.delete(directory.resolve("s"));
            Files.delete(directory);
        }
        System.out.println("all of it on " + System.getProperty("os.arch"));
    }

    private static void expect(long expected, long found, String what) {
        if (expected != found) {
            throw new AssertionError(what + ": " + found + " in place of " + expected);
        }
    }
}
