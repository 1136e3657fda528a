package io.eventfdd.client;

import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.RuntimeLocation;
import io.eventfdd.internal.http.CallHandle;
import io.eventfdd.internal.http.HttpDaemon;
import io.eventfdd.internal.http.HttpEventfd;
import io.eventfdd.internal.http.HttpOpener;
import io.eventfdd.internal.raw.RawEventfd;
import io.eventfdd.internal.raw.RawOpener;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.WaitRequest;

import org.jspecify.annotations.Nullable;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/**
 * A connection to the daemon that keeps named eventfds: opens handles on them by name, and asks
 * what there is. Safe for all threads; one for a process is enough.
 *
 * <pre>{@code
 * try (EventfddClient client = EventfddClient.connect();
 *         Eventfd orders = client.open("orders", EventfdSpec.counter())) {
 *     orders.write(1);
 *     System.out.println(orders.read()); // 1
 * }
 * }</pre>
 *
 * <p>A handle that is {@linkplain Transport#RAW raw} is the kernel object itself and goes on
 * working when the daemon is restarted, or the name deleted; and this brings it to the next daemon,
 * so that its name leads to it again. Where that has another one under the name by then, the handle
 * moves to it, and takes its count along.
 *
 * <p>Calls that go to the daemon wait for the next one while it is {@linkplain Builder#outage away}
 * for a short time, and are repeated where they were under way and that is safe; then they fail
 * with {@link DaemonUnavailableException}. Over HTTP each call that adds or takes has an
 * idempotency key of its own, so that it is carried out once though it is repeated. The daemon
 * keeps each key only until the next request, which says that the answer has come: so a client has
 * no more keys than calls under way. If the user has {@code max-keys} keys nevertheless, by way of
 * other clients, a call fails with a {@link LimitException} that names this limit, and has added or
 * taken nothing. If it cannot be known whether a call was carried out, it fails with {@link
 * ConnectionLostException}.
 */
public final class EventfddClient implements Closeable {
    private final Path directory;
    private final Duration patience;
    private final Set<Eventfd> handles = ConcurrentHashMap.newKeySet();
    private final Set<EventfdWatch> watches = ConcurrentHashMap.newKeySet();
    private final HttpDaemon http;
    private final HttpOpener overHttp;

    /** Empty where all goes over HTTP. */
    private final Optional<RawOpener> raw;

    /** Whether what cannot be raw goes over HTTP. */
    private final boolean fallsBack;

    private volatile boolean closed;

    private EventfddClient(Builder builder) {
        this.directory = builder.directoryOrDefault();
        this.patience = builder.timeout;
        this.http = new HttpDaemon(directory.resolve("api.sock"), builder.timeout, builder.outage);
        this.overHttp = new HttpOpener(http, builder.executor, handles);
        this.fallsBack = builder.transport == Transport.AUTO;
        var socket = directory.resolve("fd.sock");
        if (fallsBack) {
            RawOpener.warnIfNoNativeCode();
        }
        this.raw =
                builder.transport == Transport.RAW || (fallsBack && RawOpener.isPossible(socket))
                        ? Optional.of(
                                new RawOpener(
                                        socket,
                                        builder.timeout,
                                        builder.outage,
                                        builder.spin,
                                        builder.executor,
                                        handles))
                        : Optional.empty();
    }

    /** Connects to the daemon in the first of the usual runtime directories that is there. */
    public static EventfddClient connect() {
        return builder().connect();
    }

    /** Connects to the daemon in {@code runtimeDirectory}. */
    public static EventfddClient connect(Path runtimeDirectory) {
        return builder().runtimeDirectory(runtimeDirectory).connect();
    }

    /** A client that is not as usual. */
    public static Builder builder() {
        return new Builder();
    }

    private EventfddClient connected() {
        try {
            raw.ifPresentOrElse(RawOpener::connect, http::info);
            return this;
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** {@link Transport#RAW} or {@link Transport#HTTP}: how handles are opened. */
    public Transport transport() {
        return raw.isPresent() ? Transport.RAW : Transport.HTTP;
    }

    // Opening

    /**
     * Opens the eventfd {@code name}, which is there.
     *
     * @throws NotFoundException if there is none
     */
    public Eventfd open(String name) {
        return open(List.of(OpenRequest.Entry.of(checked(name)))).get(0);
    }

    /**
     * Opens the eventfd {@code name}, and makes it where there is none. The initial count of {@code
     * spec} counts only then.
     *
     * @throws SpecMismatchException if there is one of another spec
     */
    public Eventfd open(String name, EventfdSpec spec) {
        return open(List.of(OpenRequest.Entry.creating(checked(name), spec))).get(0);
    }

    /**
     * Makes the eventfd {@code name} and opens it.
     *
     * @throws AlreadyExistsException if there is one
     */
    public Eventfd create(String name, EventfdSpec spec) {
        return open(List.of(OpenRequest.Entry.creatingExclusively(checked(name), spec))).get(0);
    }

    /**
     * Opens all of {@code names}, or none where one cannot be.
     *
     * @param names 1 to 253 different ones, which are there
     * @return a handle for each, in their order
     */
    public List<Eventfd> openAll(Collection<String> names) {
        return open(names.stream().map(name -> OpenRequest.Entry.of(checked(name))).toList());
    }

    /**
     * Opens all of {@code specs}, and makes those that are not there; or none of them, where one
     * cannot be.
     *
     * @param specs 1 to 253
     * @return a handle for each, in the order of the map
     */
    public List<Eventfd> openAll(Map<String, EventfdSpec> specs) {
        return open(
                specs.entrySet().stream()
                        .map(spec ->
                                OpenRequest.Entry.creating(checked(spec.getKey()), spec.getValue()))
                        .toList());
    }

    private static EventfdName checked(String name) {
        try {
            return new EventfdName(name);
        } catch (ProblemException e) {
            throw Failures.of(e);
        }
    }

    private List<Eventfd> open(List<OpenRequest.Entry> entries) {
        OpenRequest request;
        try {
            request = new OpenRequest(entries);
        } catch (ProblemException e) {
            throw Failures.of(e);
        }
        checkOpen();
        return kept(opened(request));
    }

    private List<Eventfd> opened(OpenRequest request) {
        if (raw.isEmpty()) {
            return overHttp.open(request);
        }
        try {
            return raw.get().open(request);
        } catch (ForbiddenException e) {
            if (!fallsBack) {
                throw e;
            }
            // Who may only read, or only write, gets no descriptor, which is good for both.
            return overHttp.open(request);
        }
    }

    /** Remembers the handles, to close them with this. */
    private List<Eventfd> kept(List<Eventfd> eventfds) {
        handles.addAll(eventfds);
        if (closed) {
            eventfds.forEach(Eventfd::close);
            throw Failures.clientClosed();
        }
        return eventfds;
    }

    /**
     * Opens the semaphore {@code name}, and makes it with {@code permits} where there is none.
     *
     * @param permits 0 to 4294967295
     */
    public EventfdSemaphore openSemaphore(String name, long permits) {
        try {
            return new EventfdSemaphore(open(name, EventfdSpec.semaphoreOf(permits)));
        } catch (ProblemException e) {
            throw Failures.of(e);
        }
    }

    /** Opens the gate {@code name}, and makes it, shut, where there is none. */
    public EventfdGate openGate(String name) {
        return new EventfdGate(open(name, EventfdSpec.counter()));
    }

    // What there is

    /** The daemon, as it tells of itself. */
    public DaemonInfo info() {
        checkOpen();
        return http.info();
    }

    /** All eventfds that this user may see, in the ASCII order of their names. */
    public List<EventfdState> list() {
        return list("");
    }

    /** Those of them whose names begin with {@code prefix}. */
    public List<EventfdState> list(String prefix) {
        checkOpen();
        if (!prefix.isEmpty()) {
            checked(prefix);
        }
        return http.list(prefix);
    }

    /**
     * The eventfd {@code name} at this moment.
     *
     * @throws NotFoundException if there is none
     */
    public EventfdState state(String name) {
        checkOpen();
        return http.state(checked(name));
    }

    /**
     * Deletes the name: waits in the daemon end with {@link EventfdGoneException}, raw handles go
     * on.
     *
     * @throws NotFoundException if there is none
     */
    public void delete(String name) {
        checkOpen();
        http.delete(checked(name));
    }

    /**
     * Watches the count of the eventfd {@code name} as it changes, and takes nothing.
     *
     * @throws NotFoundException if there is none
     * @throws InterruptedException if the thread was interrupted
     */
    public EventfdWatch watch(String name) throws InterruptedException {
        checkOpen();
        var watch =
                EventfdWatch.begin(
                        directory.resolve("api.sock"), checked(name), patience, watches::remove);
        watches.add(watch);
        if (closed) {
            watch.close();
            throw Failures.clientClosed();
        }
        return watch;
    }

    // Waiting on many

    /**
     * Waits until one of {@code eventfds} or more are readable, and takes nothing.
     *
     * @param eventfds 1 to 1,024 of different names, opened by this client; where some are raw and
     *     some are not, the daemon waits for all, by their names
     * @return each that was readable, with its count; none where the time was over before
     */
    public List<Signal> awaitAny(List<? extends Eventfd> eventfds, Duration timeout)
            throws InterruptedException {
        return await(eventfds, WaitRequest.Mode.ANY, false, timeout);
    }

    /** As {@link #awaitAny}, but waits until all of them are readable at one moment. */
    public List<Signal> awaitAll(List<? extends Eventfd> eventfds, Duration timeout)
            throws InterruptedException {
        return await(eventfds, WaitRequest.Mode.ALL, false, timeout);
    }

    /** As {@link #awaitAny}, and reads those that are readable: each with what was taken. */
    public List<Signal> readAny(List<? extends Eventfd> eventfds, Duration timeout)
            throws InterruptedException {
        return await(eventfds, WaitRequest.Mode.ANY, true, timeout);
    }

    /**
     * As {@link #awaitAll}, and reads them, all or none. On raw handles that takes several calls:
     * where another process takes one of them meanwhile, what was taken from the others goes back,
     * and the wait goes on.
     */
    public List<Signal> readAll(List<? extends Eventfd> eventfds, Duration timeout)
            throws InterruptedException {
        return await(eventfds, WaitRequest.Mode.ALL, true, timeout);
    }

    private List<Signal> await(
            List<? extends Eventfd> eventfds,
            WaitRequest.Mode mode,
            boolean consume,
            Duration timeout)
            throws InterruptedException {
        checkOpen();
        var deadline = Deadline.in(timeout);
        List<EventfdName> names = new ArrayList<>(eventfds.size());
        List<RawEventfd> rawEventfds = new ArrayList<>(eventfds.size());
        List<HttpEventfd> httpEventfds = new ArrayList<>();
        for (Eventfd eventfd : eventfds) {
            names.add(new EventfdName(eventfd.name()));
            if (eventfd instanceof RawEventfd one) {
                rawEventfds.add(one);
            } else if (eventfd instanceof HttpEventfd one) {
                httpEventfds.add(one);
            }
            if (eventfd.isOpen() && !handles.contains(eventfd)) {
                throw new IllegalArgumentException(eventfd + " was opened by another client");
            }
        }
        try {
            var unused = new WaitRequest(names, mode, consume, Duration.ZERO);
        } catch (ProblemException e) {
            throw Failures.of(e);
        }
        if (raw.isPresent() && httpEventfds.isEmpty()) {
            return raw.get().await(rawEventfds, mode == WaitRequest.Mode.ALL, consume, deadline);
        }
        return HttpEventfd.waiting(
                httpEventfds,
                new CallHandle(),
                handle -> http.await(names, mode, consume, deadline, handle));
    }

    private void checkOpen() {
        if (closed) {
            throw Failures.clientClosed();
        }
    }

    /**
     * Closes all handles and watches that it opened; their waits end as {@link Eventfd#close} says.
     * Over HTTP it tells the daemon the last idempotency keys whose answers have come, for which it
     * takes 200 ms at most.
     */
    @Override
    public void close() {
        closed = true;
        List.copyOf(handles).forEach(Eventfd::close);
        List.copyOf(watches).forEach(EventfdWatch::close);
        http.close();
        raw.ifPresent(RawOpener::close);
    }

    @Override
    public String toString() {
        return "eventfdd client of " + directory + " (" + transport() + ")";
    }

    /**
     * How a client is to be.
     *
     * <pre>{@code
     * EventfddClient client =
     *         EventfddClient.builder()
     *                 .runtimeDirectory(Path.of("/run/eventfdd"))
     *                 .transport(Transport.HTTP)
     *                 .connect();
     * }</pre>
     */
    public static final class Builder {
        private static final Duration DEFAULT_SPIN = Duration.ofNanos(20_000);
        private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
        private static final Duration DEFAULT_OUTAGE = Duration.ofSeconds(5);

        private @Nullable Path directory;
        private Transport transport = Transport.AUTO;
        private Duration spin = DEFAULT_SPIN;
        private Duration timeout = DEFAULT_TIMEOUT;
        private Duration outage = DEFAULT_OUTAGE;
        private Executor executor = new CompletableFuture<Void>().defaultExecutor();

        private Builder() {}

        /**
         * Where the daemon's sockets are; else in the first that is there of {@code
         * EVENTFDD_RUNTIME_DIR}, {@code RUNTIME_DIRECTORY}, {@code /run/eventfdd}, {@code
         * $XDG_RUNTIME_DIR/eventfdd} and {@code /tmp/eventfdd-UID}.
         */
        public Builder runtimeDirectory(Path path) {
            this.directory = path;
            return this;
        }

        /** How handles are opened; else {@link Transport#AUTO}. */
        public Builder transport(Transport kind) {
            this.transport = kind;
            return this;
        }

        /**
         * How long a wait on a raw handle asks again and again before it sleeps; else 20 µs. It
         * makes signals between two processors several times faster, and costs that much processor
         * time for each wait. Zero turns it off.
         */
        public Builder spin(Duration duration) {
            if (duration.isNegative() || duration.compareTo(Duration.ofSeconds(1)) > 0) {
                throw new IllegalArgumentException("spin: " + duration + " is not 0 to 1 s");
            }
            this.spin = duration;
            return this;
        }

        /** How long the daemon may take for an answer, besides what it waits for; else 10 s. */
        public Builder timeout(Duration duration) {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException("timeout: " + duration + " is not positive");
            }
            this.timeout = duration;
            return this;
        }

        /**
         * How long the daemon may be away while it is restarted: calls wait that long for the next
         * one; else 5 s. Zero has them fail at once. The first call, at {@link #connect}, does not
         * wait.
         */
        public Builder outage(Duration duration) {
            if (duration.isNegative()) {
                throw new IllegalArgumentException("outage: " + duration + " is negative");
            }
            this.outage = duration;
            return this;
        }

        /**
         * Where futures are completed, and what hangs onto them runs; else where {@link
         * CompletableFuture} runs what is asynchronous. {@code Runnable::run} spares a change of
         * threads, but then what hangs onto a future must be short: all waits of this client stand
         * still meanwhile.
         */
        public Builder executor(Executor forFutures) {
            this.executor = forFutures;
            return this;
        }

        /**
         * Connects.
         *
         * @throws DaemonUnavailableException if no daemon answers there
         */
        public EventfddClient connect() {
            return new EventfddClient(this).connected();
        }

        private Path directoryOrDefault() {
            if (directory != null) {
                return directory;
            }
            return RuntimeLocation.of(System.getenv(), userId()).forClient(Files::isDirectory);
        }

        private static int userId() {
            try {
                return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
            } catch (IOException e) {
                throw new DaemonUnavailableException("cannot tell who I am without /proc", e);
            }
        }
    }
}
