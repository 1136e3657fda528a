package io.eventfdd.internal.http;

import io.eventfdd.internal.LostInterrupt;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;

@Timeout(300)
class UnixSocketTest {
    @Test
    @EnabledForJreRange(max = JRE.JAVA_20)
    void anInterruptThatJavaLosesEndsAWait(@TempDir Path directory) throws Exception {
        var path = directory.resolve("s");
        try (var listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listener.bind(UnixDomainSocketAddress.of(path));
            try (var socket = UnixSocket.connect(path)) {
                socket.begin(System.nanoTime() + Duration.ofHours(1).toNanos(), true);
                LostInterrupt.ends(
                        () -> socket.getInputStream().read(),
                        "wait",
                        ClosedByInterruptException.class);
            }
        }
    }
}
