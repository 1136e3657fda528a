import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdSpec;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * A selector loop that serves sockets and is woken by other processes: epoll-loop.py in Java. A selector takes no descriptors of
 * others. So a future waits for the eventfd and wakes the selector, and the loop takes the count on its own thread: if the loop ends
 * in between, nothing is lost. To run it, in the checkout:
 *
 * <pre>
 * server/bin/eventfdd serve --runtime-dir /tmp/eventfdd            # in a shell of its own
 * java --enable-native-access=ALL-UNNAMED -cp 'server/target/dist/lib/*' \
 *     deploy/examples/SelectorLoop.java /tmp/eventfdd wake /tmp/upper.sock
 * server/bin/eventfdd write --runtime-dir /tmp/eventfdd wake 5     # in another shell; 1000 ends it
 * </pre>
 */
public class SelectorLoop {
    private static final long END = 1000;

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 3) {
            System.err.println("usage: SelectorLoop DIR NAME SOCKET");
            System.exit(2);
        }
        try (EventfddClient client = EventfddClient.connect(Path.of(arguments[0]));
                Eventfd wake = client.open(arguments[1], EventfdSpec.counter());
                Selector selector = Selector.open();
                ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            Files.deleteIfExists(Path.of(arguments[2]));
            server.bind(UnixDomainSocketAddress.of(arguments[2])).configureBlocking(false);
            server.register(selector, SelectionKey.OP_ACCEPT);
            CompletableFuture<Long> readable = readable(wake, selector);
            System.out.println("ready");
            while (true) {
                selector.select(key -> serve(selector, key));
                if (readable.isDone()) {
                    // Throws if the wait failed.
                    readable.join();
                    // Empty if another process was faster.
                    OptionalLong count = wake.tryRead();
                    if (count.isPresent()) {
                        System.out.println("woken " + Count.toString(count.getAsLong()));
                        if (count.getAsLong() == END) {
                            return;
                        }
                    }
                    readable = readable(wake, selector);
                }
            }
        }
    }

    /** Wakes the selector when the eventfd is readable, and also when the wait fails. */
    private static CompletableFuture<Long> readable(Eventfd wake, Selector selector) {
        CompletableFuture<Long> readable = wake.awaitAsync();
        readable.whenComplete((count, failure) -> selector.wakeup());
        return readable;
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
            // Only this client is gone.
            close(key);
        }
    }

    private static void close(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException e) {
            key.cancel();
        }
    }
}
