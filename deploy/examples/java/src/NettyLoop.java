import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdSpec;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.DomainSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * An eventfd in Netty's own epoll set: one event loop serves sockets (it answers in upper case) and is woken by other processes.
 * To run it, in the checkout:
 *
 * <pre>
 * mvn -q -Pexamples -DskipTests package
 * server/bin/eventfdd serve --runtime-dir /tmp/eventfdd            # in a shell of its own
 * java --enable-native-access=ALL-UNNAMED -cp 'deploy/examples/java/target/lib/*' NettyLoop /tmp/eventfdd wake /tmp/upper.sock
 * server/bin/eventfdd write --runtime-dir /tmp/eventfdd wake 5     # in another shell; 1000 ends it
 * </pre>
 *
 * Netty 4.2 takes any descriptor that epoll takes (EpollIoHandle). It neither reads the eventfd nor changes its flags, and it watches
 * it level-triggered: the event comes again until somebody has read the count.
 */
public final class NettyLoop {
    private static final long END = 1000;

    private NettyLoop() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("usage: NettyLoop DIR NAME SOCKET");
            System.exit(2);
        }
        var group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        var ended = new CompletableFuture<Void>();
        try (EventfddClient client = EventfddClient.connect(Path.of(arguments[0]));
                Eventfd wake = client.open(arguments[1], EventfdSpec.counter())) {
            try {
                Files.deleteIfExists(Path.of(arguments[2]));
                upperCase().group(group).bind(new DomainSocketAddress(arguments[2])).sync();
                IoEventLoop loop = group.next();
                IoRegistration registration = loop.register(new Readable(wake, count -> {
                    System.out.println("woken " + Count.toString(count));
                    if (count == END) {
                        ended.complete(null);
                    }
                })).sync().getNow();
                registration.submit(EpollIoOps.EPOLLIN);
                System.out.println("ready");
                ended.join();
                // Takes the descriptor out of the epoll set; the end of the loop would do so as well.
                registration.cancel();
            } finally {
                // Before the eventfd closes: the loop must not watch a number that somebody else may get.
                group.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
            }
        }
    }

    /** An eventfd in the event loop, on whose thread {@code onCount} gets what was read. */
    private record Readable(Eventfd eventfd, LongConsumer onCount) implements EpollIoHandle {
        /**
         * The number that Netty adds to its epoll set. The handle keeps it for life. Only if the daemon was killed and the name was
         * made anew before the client brought it back, another eventfd takes its place, and has to be registered again. A program
         * that must survive this waits with {@code eventfd.awaitAsync()} instead, which follows by itself.
         */
        @Override
        public FileDescriptor fd() {
            return new FileDescriptor(eventfd.fd().orElseThrow());
        }

        /** Readable means that the count was not 0; another process may have taken it by now, and tryRead does not block then. */
        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            eventfd.tryRead().ifPresent(onCount);
        }

        /** The loop has ended. The descriptor is the eventfd's to close. */
        @Override
        public void close() {}
    }

    private static ServerBootstrap upperCase() {
        return new ServerBootstrap()
                .channel(EpollServerDomainSocketChannel.class)
                .childHandler(new ChannelInitializer<DomainSocketChannel>() {
                    @Override
                    protected void initChannel(DomainSocketChannel channel) {
                        channel.pipeline().addLast(new StringDecoder(), new StringEncoder(), new UpperCase());
                    }
                });
    }

    private static final class UpperCase extends SimpleChannelInboundHandler<String> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, String text) {
            context.writeAndFlush(text.toUpperCase(Locale.ROOT));
        }
    }
}
