import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdSpec;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * A verticle that serves sockets (it answers in upper case) and is woken by other processes, on one event loop thread. To run it, in
 * the checkout:
 *
 * <pre>
 * mvn -q -Pexamples -DskipTests package
 * server/bin/eventfdd serve --runtime-dir /tmp/eventfdd            # in a shell of its own
 * java --enable-native-access=ALL-UNNAMED -cp 'deploy/examples/java/target/lib/*' VertxLoop /tmp/eventfdd wake /tmp/upper.sock
 * server/bin/eventfdd write --runtime-dir /tmp/eventfdd wake 5     # in another shell; 1000 ends it
 * </pre>
 *
 * Vert.x has no public call for descriptors of others. The library's futures need none: one thread of the library waits for all of
 * them in the kernel. {@code awaitAsync} takes nothing, so that a verticle that is undeployed meanwhile loses nothing: the count is
 * taken on the event loop, where it is used.
 */
public final class VertxLoop extends VerticleBase {
    private static final long END = 1000;

    private final Eventfd wake;
    private final String socket;
    private final Promise<Void> ended = Promise.promise();
    private CompletableFuture<Long> readable = new CompletableFuture<>();

    private VertxLoop(Eventfd wake, String socket) {
        this.wake = wake;
        this.socket = socket;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("usage: VertxLoop DIR NAME SOCKET");
            System.exit(2);
        }
        // To connect and to open are blocking calls, which do not belong on an event loop.
        try (EventfddClient client = EventfddClient.connect(Path.of(arguments[0]));
                Eventfd wake = client.open(arguments[1], EventfdSpec.counter())) {
            Files.deleteIfExists(Path.of(arguments[2]));
            // Unix sockets take the native transport (Netty's epoll), or a Java from 16 on.
            Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
            try {
                var loop = new VertxLoop(wake, arguments[2]);
                vertx.deployVerticle(loop).await();
                System.out.println("ready");
                loop.ended.future().await();
            } finally {
                vertx.close().await();
            }
        }
    }

    @Override
    public Future<?> start() {
        awaitNext();
        return vertx.createNetServer()
                .connectHandler(client -> client.handler(data -> client.write(
                        Buffer.buffer(data.toString().toUpperCase(Locale.ROOT)))))
                .listen(SocketAddress.domainSocketAddress(socket));
    }

    private void awaitNext() {
        readable = wake.awaitAsync();
        // With the context, the handlers run on the verticle's event loop.
        Future.fromCompletionStage(readable, context).onSuccess(count -> taken()).onFailure(ended::tryFail);
    }

    private void taken() {
        // Another process may have been faster, and tryRead does not block then.
        wake.tryRead().ifPresent(count -> {
            System.out.println("woken " + Count.toString(count));
            if (count == END) {
                ended.tryComplete();
            }
        });
        awaitNext();
    }

    @Override
    public Future<?> stop() {
        readable.cancel(false);
        return Future.succeededFuture();
    }
}
