package io.eventfdd.server.http.transport;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * All connections of one server. It creates and counts them, ends those whose time is over, and
 * ends all of them when the server stops.
 *
 * <p>A connection is set up in two steps: on the accept thread, which sees its channel ({@link
 * #options}), and on its own virtual thread, on which Helidon asks for its handler ({@link
 * #selector}). The first thread creates the second one, so an inheritable thread-local carries the
 * connection over.
 */
public final class Connections implements AutoCloseable {
    private static final InheritableThreadLocal<ClientConnection> ACCEPTED =
            new InheritableThreadLocal<>();

    private final int limit;
    private volatile Timeouts timeouts;
    private final ConnectionLife life;
    private final byte[] refusal;
    private final Set<ClientConnection> live = ConcurrentHashMap.newKeySet();
    private final AtomicInteger arriving = new AtomicInteger();
    private final AtomicInteger count = new AtomicInteger();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition left = lock.newCondition();
    private final ScheduledExecutorService clock =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("eventfdd-http-clock").factory());
    private ScheduledFuture<?> ticking;
    private volatile boolean ending;

    /**
     * Starts without connections.
     *
     * @param limit the greatest number of connections; any more get {@code refusal}, and are closed
     * @param refusal a whole HTTP response
     */
    public Connections(int limit, Timeouts timeouts, ConnectionLife life, byte[] refusal) {
        this.limit = limit;
        this.timeouts = timeouts;
        this.life = life;
        this.refusal = refusal;
        this.ticking = tick(timeouts);
    }

    private ScheduledFuture<?> tick(Timeouts timeouts) {
        long period = timeouts.period().toNanos();
        return clock.scheduleWithFixedDelay(this::expire, period, period, TimeUnit.NANOSECONDS);
    }

    /** Changes the timeouts of everything that connections do from now on. */
    public synchronized void timeouts(Timeouts now) {
        ticking.cancel(false);
        timeouts = now;
        ticking = tick(now);
    }

    private void expire() {
        long now = System.nanoTime();
        long idle = timeouts.idle().toNanos();
        for (var client : live) {
            client.expire(now, idle);
        }
        life.tick();
    }

    /**
     * The hook that Helidon calls for each accepted channel. It creates the connection, and sets no
     * option.
     */
    SocketOptions options() {
        return new Accepted(SocketOptions.create(), arriving);
    }

    /** The factory of the handlers of connections; {@code http1} is that of Helidon. */
    ServerConnectionSelector selector(ServerConnectionSelector http1) {
        return new Watched(http1);
    }

    Timeouts timeouts() {
        return timeouts;
    }

    ConnectionLife life() {
        return life;
    }

    byte[] refusal() {
        return refusal;
    }

    /**
     * Counts a connection. Returns false if there are too many with it. {@link #leave} has to
     * follow in either case.
     */
    boolean enter(ClientConnection client) {
        live.add(client);
        int now = count.incrementAndGet();
        arriving.decrementAndGet();
        return now <= limit;
    }

    void leave(ClientConnection client) {
        live.remove(client);
        client.over();
        count.decrementAndGet();
        if (ending) {
            lock.lock();
            try {
                left.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** The number of connections. */
    public int count() {
        return count.get();
    }

    /**
     * Ends the connections that wait for a request, now and later. The others end after their
     * answers.
     */
    public void endIdle() {
        ending = true;
        live.forEach(ClientConnection::endIfIdle);
    }

    /** Ends all connections, even those that read or write. */
    public void hangUp() {
        ending = true;
        live.forEach(ClientConnection::hangUp);
    }

    /**
     * Waits until there are no connections, and none that is accepted and not counted yet. Returns
     * false if some are left after {@code time}.
     */
    public boolean awaitNone(Duration time) throws InterruptedException {
        long nanos = time.toNanos();
        lock.lock();
        try {
            while (arriving.get() + count.get() > 0) {
                if (nanos <= 0) {
                    return false;
                }
                nanos = left.awaitNanos(nanos);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    boolean isEnding() {
        return ending;
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }

    /**
     * The selector of Helidon for HTTP/1.1. It would refuse requests that it cannot answer; this
     * one accepts everything.
     */
    private final class Watched implements ServerConnectionSelector {
        private final ServerConnectionSelector http1;

        Watched(ServerConnectionSelector http1) {
            this.http1 = http1;
        }

        @Override
        public int bytesToIdentifyConnection() {
            return 0;
        }

        @Override
        public Support supports(BufferData data) {
            return Support.SUPPORTED;
        }

        @Override
        public Set<String> supportedApplicationProtocols() {
            return http1.supportedApplicationProtocols();
        }

        @Override
        public ServerConnection connection(ConnectionContext context) {
            var client = ACCEPTED.get();
            ACCEPTED.remove();
            return new WatchedConnection(Connections.this, client, context, http1);
        }
    }

    /** Is called with each channel right after accept, on the accept thread. */
    private record Accepted(SocketOptions none, AtomicInteger arriving) implements SocketOptions {
        @Override
        public void configureSocket(SocketChannel channel) {
            try {
                ACCEPTED.set(ClientConnection.of(channel));
                arriving.incrementAndGet();
            } catch (IOException e) {
                throw new UncheckedIOException("a client that cannot be known", e);
            } catch (Error e) {
                throw new IllegalStateException("Helidon's listener would not outlive this", e);
            }
        }

        @Override
        public Map<SocketOption<?>, Object> socketOptions() {
            return Map.of();
        }

        @Override
        public Duration connectTimeout() {
            return none.connectTimeout();
        }

        @Override
        public Duration readTimeout() {
            return none.readTimeout();
        }

        @Override
        public Optional<Integer> socketReceiveBufferSize() {
            return Optional.empty();
        }

        @Override
        public Optional<Integer> socketSendBufferSize() {
            return Optional.empty();
        }

        @Override
        public boolean socketReuseAddress() {
            return none.socketReuseAddress();
        }

        @Override
        public boolean socketKeepAlive() {
            return none.socketKeepAlive();
        }

        @Override
        public boolean tcpNoDelay() {
            return none.tcpNoDelay();
        }
    }
}
