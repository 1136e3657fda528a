package io.eventfdd.server.testing;

import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemDocument;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * A socket between a client and a daemon's {@code api.sock}. What it was told to cut or to hold it
 * takes off the daemon's socket all the same: to the daemon it is delivered.
 */
public final class CuttingProxy implements AutoCloseable {
    private static final Pattern KEY = Pattern.compile("(?i)\\r\\nIdempotency-Key: (\\S+)\\r\\n");

    /** A call that carries the requests of several threads. */
    private static final Pattern TOGETHER =
            Pattern.compile("(?s)POST /v1/write .*|POST \\S+/read .*\"max\":.*");

    private static final Pattern DONE =
            Pattern.compile("(?i)\\r\\nIdempotency-Key-Done: ([^\\r]+)\\r\\n");

    private final Path socket;
    private final ServerSocketChannel listener;
    private volatile Path daemon;
    private final AtomicInteger toAnswer = new AtomicInteger();
    private volatile Path next;
    private final AtomicInteger toRefuse = new AtomicInteger();
    private final AtomicInteger toCut = new AtomicInteger();
    private final AtomicInteger toHold = new AtomicInteger();
    private final AtomicInteger held = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile boolean cutsHeld;
    private final Queue<String> keys = new ConcurrentLinkedQueue<>();
    private final Queue<String> done = new ConcurrentLinkedQueue<>();
    private final Set<SocketChannel> clients = ConcurrentHashMap.newKeySet();
    private final AtomicInteger posts = new AtomicInteger();
    private volatile double share;
    private final Set<String> spared = ConcurrentHashMap.newKeySet();
    private final AtomicInteger writesCutTogether = new AtomicInteger();
    private final AtomicInteger readsCutTogether = new AtomicInteger();

    /** When the connection of a call is cut. */
    private enum Cut {
        NEVER,
        BEFORE_THE_REQUEST,
        IN_THE_REQUEST,
        BEFORE_THE_ANSWER,
        IN_THE_ANSWER
    }

    private static final List<Cut> CUTS = List.copyOf(EnumSet.complementOf(EnumSet.of(Cut.NEVER)));

    /** Listens on {@code socket}, and leads to {@code daemon}. */
    public CuttingProxy(Path socket, Path daemon) throws IOException {
        this.socket = socket;
        this.daemon = daemon;
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(socket));
        Thread.ofVirtual().start(this::accept);
    }

    /** Answers on the next {@code connections} what a daemon answers while it stops. */
    public void refuse(int connections) {
        toRefuse.set(connections);
    }

    /** Cuts the next {@code answers} to a POST: the client sees its connection end. */
    public void cut(int answers) {
        toCut.set(answers);
    }

    /**
     * Cuts the connection of this share of the calls with a key, at a random moment. A call is cut
     * once at the most, so that none is given up.
     */
    public void cutAtRandom(double shareOfCalls) {
        share = shareOfCalls;
    }

    /** How many writes to several eventfds were cut at random. */
    public int writesCutTogether() {
        return writesCutTogether.get();
    }

    /** How many reads of several permits were cut at random. */
    public int readsCutTogether() {
        return readsCutTogether.get();
    }

    /** Holds the next {@code answers} to a POST back until the end, or until they are released. */
    public void hold(int answers) {
        toHold.set(answers);
    }

    /** Delivers those that are held back. */
    public void releaseHeld() {
        released.countDown();
    }

    /** Cuts those that are held back. */
    public void cutHeld() {
        cutsHeld = true;
        released.countDown();
    }

    /** How many are held back. */
    public int held() {
        return held.get();
    }

    /** Leads new connections to another daemon. */
    public void leadTo(Path other) {
        daemon = other;
    }

    /**
     * After {@code answers} more answers, ends that connection, and leads new ones to another
     * daemon: as if the first one was killed at this moment.
     */
    public void leadTo(Path other, int answers) {
        next = other;
        toAnswer.set(answers);
    }

    /** How many POSTs went through. */
    public int posts() {
        return posts.get();
    }

    /** The idempotency keys that went through, in their order. */
    public List<String> keys() {
        return List.copyOf(keys);
    }

    /** The keys that clients said they are done with, in their order. */
    public List<String> done() {
        return List.copyOf(done);
    }

    private void accept() {
        try {
            while (true) {
                var client = listener.accept();
                clients.add(client);
                Thread.ofVirtual().start(() -> serve(client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(SocketChannel client) {
        if (toRefuse.getAndUpdate(it -> Math.max(0, it - 1)) > 0) {
            refuse(client);
            return;
        }
        try (client;
                var server = SocketChannel.open(UnixDomainSocketAddress.of(daemon))) {
            var connection = new Connection(client, server);
            var answering = Thread.ofVirtual().start(connection::answer);
            connection.ask();
            clients.remove(client);
            answering.join();
        } catch (IOException | InterruptedException e) {
            // so it ends
        } finally {
            clients.remove(client);
        }
    }

    private void refuse(SocketChannel client) {
        var type = ProblemType.SHUTTING_DOWN;
        var problem = ProblemDocument.bytes(new Problem(type, type.status(), type.title()));
        var answer =
                ("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
                                + "Connection: close\r\nContent-Length: %d\r\n\r\n%s")
                        .formatted(problem.length, new String(problem, StandardCharsets.US_ASCII));
        try (client) {
            if (client.read(ByteBuffer.allocate(65536)) > 0) {
                client.write(StandardCharsets.US_ASCII.encode(answer));
            }
        } catch (IOException e) {
            // so it ends
        } finally {
            clients.remove(client);
        }
    }

    /** Requests one way, answers the other: one at a time, each in one piece. */
    private final class Connection {
        private final SocketChannel client;
        private final SocketChannel server;
        private volatile boolean isPost;
        private volatile Cut cut = Cut.NEVER;

        Connection(SocketChannel client, SocketChannel server) {
            this.client = client;
            this.server = server;
        }

        void ask() throws IOException {
            var buffer = ByteBuffer.allocate(65536);
            while (client.read(buffer.clear()) >= 0) {
                var text = StandardCharsets.US_ASCII.decode(buffer.flip().duplicate()).toString();
                isPost = text.startsWith("POST");
                if (isPost) {
                    posts.incrementAndGet();
                    var key = KEY.matcher(text);
                    if (key.find()) {
                        keys.add(key.group(1));
                        cut = cutOf(key.group(1), text);
                    }
                }
                if (cut == Cut.BEFORE_THE_REQUEST) {
                    break;
                } else if (cut == Cut.IN_THE_REQUEST) {
                    server.write(buffer.limit(buffer.limit() / 2));
                    break;
                }
                var ends = DONE.matcher(text);
                if (ends.find()) {
                    done.addAll(List.of(ends.group(1).split(",")));
                }
                server.write(buffer);
            }
            server.close();
        }

        private Cut cutOf(String key, String text) {
            var random = ThreadLocalRandom.current();
            if (random.nextDouble() >= share || !spared.add(key)) {
                return Cut.NEVER;
            }
            if (TOGETHER.matcher(text).matches()) {
                (text.startsWith("POST /v1/write") ? writesCutTogether : readsCutTogether)
                        .incrementAndGet();
            }
            return CUTS.get(random.nextInt(CUTS.size()));
        }

        void answer() {
            try (client;
                    server) {
                var buffer = ByteBuffer.allocate(65536);
                while (server.read(buffer.clear()) >= 0) {
                    if (isPost && toCut.getAndUpdate(it -> Math.max(0, it - 1)) > 0) {
                        return;
                    }
                    if (cut == Cut.BEFORE_THE_ANSWER) {
                        return;
                    } else if (cut == Cut.IN_THE_ANSWER) {
                        client.write(buffer.flip().limit(buffer.limit() / 2));
                        return;
                    }
                    if (isPost && toHold.getAndUpdate(it -> Math.max(0, it - 1)) > 0) {
                        held.incrementAndGet();
                        released.await();
                        if (cutsHeld) {
                            return;
                        }
                    }
                    boolean isLast = toAnswer.getAndUpdate(it -> Math.max(0, it - 1)) == 1;
                    if (isLast) {
                        daemon = next;
                    }
                    client.write(buffer.flip());
                    if (isLast) {
                        return;
                    }
                }
            } catch (IOException | InterruptedException e) {
                // so it ends
            }
        }
    }

    /** From now on nobody can connect, as where the daemon is away; connections stay. */
    public void stopListening() throws IOException {
        listener.close();
        Files.deleteIfExists(socket);
    }

    /** Whether a client has not closed its connection. */
    public boolean hasClients() {
        return !clients.isEmpty();
    }

    /** Ends it, and all connections. */
    @Override
    public void close() throws IOException {
        listener.close();
        for (var client : clients) {
            client.close();
        }
        Files.deleteIfExists(socket);
        released.countDown();
    }
}
