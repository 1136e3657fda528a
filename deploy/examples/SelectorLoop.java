import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.protocol.EventfdSpec;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * A selector loop with sockets in it that another process wakes: epoll-loop.py in Java. Selectors take no eventfds, so a future
 * reads the count and wakes the selector.
 *
 * <pre>java -cp 'lib/*' SelectorLoop.java DIR NAME SOCKET</pre>
 */
public class SelectorLoop {
    private static final long END = 1000;

    public static void main(String[] arguments) throws IOException {
        try (EventfddClient client = EventfddClient.connect(Path.of(arguments[0]));
                Eventfd wake = client.open(arguments[1], EventfdSpec.counter());
                Selector selector = Selector.open();
                ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(arguments[2])).configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT);
            CompletableFuture<Long> next = wake.readAsync();
            next.thenRun(selector::wakeup);
            System.out.println("ready");
            while (true) {
                selector.select(key -> serve(selector, key));
                if (next.isDone()) {
                    long count = next.join();
                    System.out.println("woken " + count);
                    if (count == END) {
                        return;
                    }
                    next = wake.readAsync();
                    next.thenRun(selector::wakeup);
                }
            }
        }
    }

    private static void serve(Selector selector, SelectionKey key) {
        try {
            if (key.channel() instanceof ServerSocketChannel server) {
                SocketChannel client = server.accept();
                client.configureBlocking(false);
                client.register(selector, SelectionKey.OP_READ);
            } else if (key.channel() instanceof SocketChannel client) {
                ByteBuffer buffer = ByteBuffer.allocate(4096);
                if (client.read(buffer) < 0) {
                    client.close();
                } else {
                    String text = StandardCharsets.UTF_8.decode(buffer.flip()).toString();
                    client.write(StandardCharsets.UTF_8.encode(text.toUpperCase(Locale.ROOT)));
                }
            }
        } catch (IOException e) {
            key.cancel();
        }
    }
}
