package io.eventfdd.client;

import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.Outage;
import io.eventfdd.internal.RuntimeLocation;
import io.eventfdd.internal.http.CallHandle;
import io.eventfdd.internal.http.HttpDaemon;
import io.eventfdd.internal.http.HttpEventfd;
import io.eventfdd.internal.http.HttpOpener;
import io.eventfdd.internal.leases.HeldLeases;
import io.eventfdd.internal.leases.Stop;
import io.eventfdd.internal.raw.RawEventfd;
import io.eventfdd.internal.raw.RawOpener;
import io.eventfdd.internal.raw.WaitElsewhere;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.WaitRequest;

import org.jspecify.annotations.Nullable;

import java.io.Closeable;
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
 * A connection to the daemon that keeps named eventfds. It opens handles on them by name, and asks
 * the daemon which eventfds there are. Safe for all threads; one client is enough for a process.
 *
 * <pre>{@code
 * try (EventfddClient client = EventfddClient.connect();
 *         Eventfd orders = client.open("orders", EventfdSpec.counter())) {
 *     orders.write(1);
 *     System.out.println(orders.read()); // 1
 * }
 * }</pre>
 *
 * <p>A {@linkplain Transport#RAW raw} handle is the kernel's object itself. It goes on working if
 * the daemon is restarted, or if the name is deleted. The client brings it to the next daemon, so
 * that the name leads to it again. If that daemon has another eventfd under the name by then, the
 * handle moves to that one, and takes its count along. A handle over {@linkplain Transport#HTTP
 * HTTP} stands for its name: if that was deleted, calls that wait end with {@link
 * EventfdGoneException} and later ones throw {@link NotFoundException}, until the name is created
 * again. Then they reach the new eventfd, of whatever kind it is.
 *
 * <p>While the daemon is {@linkplain Builder#outage away} for a short time, calls wait for the next
 * one, and calls that were under way are repeated if that is safe. After that time they fail with
 * {@link DaemonUnavailableException}. Over HTTP, each call that adds or takes has an idempotency
 * key of its own, so that it is carried out once even if it is repeated. The daemon keeps a key
 * until the client's next request, which says that the answer has come. So a client has no more
 * keys than calls under way. If other clients of the same user have used up {@code max-keys}, a
 * call fails with a {@link LimitException} that names this limit, and has added or taken nothing.
 * If it cannot be known whether a call was carried out, it fails with {@link
 * ConnectionLostException}.
 */
public final class EventfddClient implements Closeable {
    private final Path directory;
    private final Duration patience;
    private final Set<Eventfd> handles = ConcurrentHashMap.newKeySet();
    private final Set<EventfdWatch> watches = ConcurrentHashMap.newKeySet();

    /** The watches that are about to begin. */
    private final Set<CallHandle> beginnings = ConcurrentHashMap.newKeySet();

    private final HttpDaemon http;
    private final HeldLeases httpLeases;
    private final HttpOpener overHttp;

    /** Empty if all goes over HTTP. */
    private final Optional<RawOpener> raw;

    /** Whether what cannot be raw goes over HTTP. */
    private final boolean fallsBack;

    private volatile boolean closed;

    private EventfddClient(Builder builder) {
        this.directory = builder.directoryOrDefault();
        this.patience = builder.timeout;
        this.http = new HttpDaemon(directory.resolve("api.sock"), builder.timeout, builder.outage);
        this.httpLeases =
                new HeldLeases(http.leases(), http.longestWait(), builder.outage, builder.executor);
        this.overHttp = new HttpOpener(http, builder.executor, httpLeases, handles);
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
                                        http.longestWait().orDefault(),
                                        handles))
                        : Optional.empty();
    }

    /** Connects to the daemon in the first of the usual runtime directories that exists. */
    public static EventfddClient connect() {
        return builder().connect();
    }

    /** Connects to the daemon in {@code runtimeDirectory}. */
    public static EventfddClient connect(Path runtimeDirectory) {
        return builder().runtimeDirectory(runtimeDirectory).connect();
    }

    /** Begins to build a client that differs from the usual one. */
    public static Builder builder() {
        return new Builder();
    }

    private EventfddClient connected() {
        try {
            raw.ifPresentOrElse(RawOpener::connect, http::info);
            return this;
        } catch (RuntimeException | Error e) { // an error if there is no thread to be had
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
     * Opens the eventfd {@code name}, which must exist.
     *
     * @throws NotFoundException if there is none
     */
    public Eventfd open(String name) {
        return open(List.of(OpenRequest.Entry.of(new EventfdName(name)))).get(0);
    }

    /**
     * Opens the eventfd {@code name}, and creates it if it is missing. The initial count of {@code
     * spec} is used only then.
     *
     * @throws SpecMismatchException if it exists with another spec
     */
    public Eventfd open(String name, EventfdSpec spec) {
        return open(List.of(OpenRequest.Entry.creating(new EventfdName(name), spec))).get(0);
    }

    /**
     * Creates the eventfd {@code name}, and opens it.
     *
     * @throws AlreadyExistsException if it exists
     */
    public Eventfd create(String name, EventfdSpec spec) {
        return open(List.of(OpenRequest.Entry.creatingExclusively(new EventfdName(name), spec)))
                .get(0);
    }

    /**
     * Opens all of {@code names}, or none if one of them cannot be opened.
     *
     * @param names 1 to 253 different names, which must exist
     * @return a handle for each, in their order
     */
    public List<Eventfd> openAll(Collection<String> names) {
        return open(
                names.stream().map(name -> OpenRequest.Entry.of(new EventfdName(name))).toList());
    }

    /**
     * Opens all of {@code specs}, and creates those that are missing; or none, if one of them
     * cannot be opened.
     *
     * @param specs 1 to 253
     * @return a handle for each, in the order of the map
     */
    public List<Eventfd> openAll(Map<String, EventfdSpec> specs) {
        return open(
                specs.entrySet().stream()
                        .map(spec ->
                                OpenRequest.Entry.creating(
                                        new EventfdName(spec.getKey()), spec.getValue()))
                        .toList());
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
            // Who may only read gets no descriptor, which is good for writing too.
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
     * Opens the semaphore {@code name}, and creates it with {@code permits} if it is missing.
     *
     * @param permits 0 to 4294967295
     */
    public EventfdSemaphore openSemaphore(String name, long permits) {
        return new EventfdSemaphore(open(name, EventfdSpec.semaphoreOf(permits)));
    }

    /** Opens a handle on the gate {@code name}, and creates the gate, shut, if it is missing. */
    public EventfdGate openGate(String name) {
        return new EventfdGate(open(name, EventfdSpec.counter()));
    }

    // Leases

    /**
     * Takes a lease, and waits until all of its permits are there. Those who wait are served in the
     * order of their arrival.
     *
     * @throws NotFoundException if one of its names does not exist
     * @throws LimitException if {@code max-leases} or {@code max-leases-per-user} is reached
     * @throws InterruptedException if the thread was interrupted, and nothing was taken. If the
     *     lease was granted at that moment, it is returned, and the thread's interrupt status is
     *     set
     */
    public EventfdLease lease(LeaseSpec spec) throws InterruptedException {
        return leases().take(spec.wish(), Deadline.NEVER, new Stop()).orElseThrow();
    }

    /** Takes a lease if all of its permits are there; does not wait for them. */
    public Optional<EventfdLease> tryLease(LeaseSpec spec) {
        return leases().takeNow(spec.wish());
    }

    /**
     * Takes a lease as {@link #lease} does, and waits no longer than {@code timeout}; empty if its
     * permits were not all there by then, and nothing was taken.
     */
    public Optional<EventfdLease> tryLease(LeaseSpec spec, Duration timeout)
            throws InterruptedException {
        return leases().take(spec.wish(), Deadline.in(timeout), new Stop());
    }

    /**
     * Takes a lease as {@link #lease} does. To cancel the future ends the wait; a lease that was
     * granted at that moment is released.
     */
    public CompletableFuture<EventfdLease> leaseAsync(LeaseSpec spec) {
        return leases().takeLater(spec.wish(), new Stop());
    }

    private HeldLeases leases() {
        checkOpen();
        return raw.map(RawOpener::leases).orElse(httpLeases);
    }

    // What there is

    /** Asks the daemon for its version, its sockets and its limits. */
    public DaemonInfo info() {
        checkOpen();
        return http.info();
    }

    /** All eventfds that this user may see, in the ASCII order of their names. */
    public List<EventfdState> list() {
        return list("");
    }

    /** All eventfds that this user may see and whose names begin with {@code prefix}. */
    public List<EventfdState> list(String prefix) {
        checkOpen();
        if (!prefix.isEmpty()) {
            var unused = new EventfdName(prefix);
        }
        return http.list(prefix);
    }

    /**
     * The state of the eventfd {@code name} at this moment.
     *
     * @throws NotFoundException if there is none
     */
    public EventfdState state(String name) {
        checkOpen();
        return http.state(new EventfdName(name));
    }

    /**
     * Deletes the name. Waits in the daemon end with {@link EventfdGoneException}; raw handles go
     * on working.
     *
     * @throws NotFoundException if there is none
     */
    public void delete(String name) {
        checkOpen();
        http.delete(new EventfdName(name));
    }

    /**
     * Watches the count of the eventfd {@code name} as it changes, and takes nothing.
     *
     * @throws NotFoundException if there is none
     * @throws InterruptedException if the thread was interrupted
     */
    public EventfdWatch watch(String name) throws InterruptedException {
        var handle = new CallHandle();
        beginnings.add(handle);
        try {
            checkOpen();
            var watch = begun(new EventfdName(name), handle);
            watches.add(watch);
            if (closed) {
                watch.close();
                throw Failures.clientClosed();
            }
            return watch;
        } finally {
            beginnings.remove(handle);
        }
    }

    private EventfdWatch begun(EventfdName name, CallHandle handle) throws InterruptedException {
        try {
            return EventfdWatch.begin(
                    directory.resolve("api.sock"), name, patience, handle, watches::remove);
        } catch (ConnectionLostException | DaemonUnavailableException e) {
            checkOpen();
            throw e;
        }
    }

    // Waiting on many

    /**
     * Waits until at least one of {@code eventfds} is readable, and takes nothing.
     *
     * @param eventfds 1 to 1,024 of different names, opened by this client. If not all of them are
     *     raw, the daemon waits on them, by their names, which have to fit into 64 KiB then: some
     *     490 of the longest names do
     * @return those that were readable, with their counts; empty if the time was up before
     */
    public List<Signal> awaitAny(List<? extends Eventfd> eventfds, Duration timeout)
            throws InterruptedException {
        return await(eventfds, WaitRequest.Mode.ANY, false, timeout);
    }

    /** Waits as {@link #awaitAny} does, but until all of them are readable at one moment. */
    public List<Signal> awaitAll(List<? extends Eventfd> eventfds, Duration timeout)
            throws InterruptedException {
        return await(eventfds, WaitRequest.Mode.ALL, false, timeout);
    }

    /**
     * Waits as {@link #awaitAny} does, and reads those that are readable: the values are what was
     * taken.
     */
    public List<Signal> readAny(List<? extends Eventfd> eventfds, Duration timeout)
            throws InterruptedException {
        return await(eventfds, WaitRequest.Mode.ANY, true, timeout);
    }

    /**
     * Waits as {@link #awaitAll} does, and reads all of them or none. On raw handles that needs
     * several system calls. If another process takes one of the counts meanwhile, what was taken
     * from the others goes back, and the wait goes on.
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
            // In this order, because a handle is closed before this forgets it.
            if (!handles.contains(eventfd) && eventfd.isOpen()) {
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
        var handle = new CallHandle();
        return WaitElsewhere.on(
                rawEventfds,
                handle::end,
                () ->
                        HttpEventfd.waiting(
                                httpEventfds,
                                handle,
                                same -> http.await(names, mode, consume, deadline, same)));
    }

    private void checkOpen() {
        if (closed) {
            throw Failures.clientClosed();
        }
    }

    /**
     * Closes all handles and watches that this client has opened; their waits end as {@link
     * Eventfd#close} says. Releases all leases that it holds; if the daemon does not answer, they
     * lapse with their holders. Over HTTP, it tells the daemon which of its last idempotency keys
     * are done, which takes 200 ms at most.
     */
    @Override
    public void close() {
        closed = true;
        List.copyOf(handles).forEach(Eventfd::close);
        beginnings.forEach(CallHandle::end);
        List.copyOf(watches).forEach(EventfdWatch::close);
        httpLeases.close();
        http.close();
        raw.ifPresent(RawOpener::close);
    }

    @Override
    public String toString() {
        return "eventfdd client of " + directory + " (" + transport() + ")";
    }

    /**
     * Builds a client that differs from the usual one.
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

        private @Nullable Path directory;
        private Transport transport = Transport.AUTO;
        private Duration spin = DEFAULT_SPIN;
        private Duration timeout = DEFAULT_TIMEOUT;
        private Duration outage = Outage.DEFAULT;
        private Executor executor = new CompletableFuture<Void>().defaultExecutor();

        private Builder() {}

        /**
         * Sets the directory of the daemon's sockets. The default is the first that exists of
         * {@code EVENTFDD_RUNTIME_DIR}, {@code RUNTIME_DIRECTORY}, {@code /run/eventfdd}, {@code
         * $XDG_RUNTIME_DIR/eventfdd} and {@code /tmp/eventfdd-UID}.
         */
        public Builder runtimeDirectory(Path path) {
            this.directory = path;
            return this;
        }

        /** Sets how handles are opened. The default is {@link Transport#AUTO}. */
        public Builder transport(Transport kind) {
            this.transport = kind;
            return this;
        }

        /**
         * Sets how long a wait on a raw handle polls before it sleeps. The default is 20 µs.
         * Polling makes signals between two processors several times faster, and costs that much
         * processor time for each wait. The thread that waits for futures and virtual threads polls
         * as long after each event. Once nothing comes for that time, nothing polls. Zero turns it
         * off.
         *
         * <p>Only signals that come within this time become faster. For each later one the time is
         * lost. With one signal in a millisecond, that is 2 % of a processor for 20 µs, and 10 %
         * for 100 µs. {@code deploy/BENCHMARKS.md} has the wake-up and the processor time of each
         * in the rows <i>signals … apart</i>.
         */
        public Builder spin(Duration duration) {
            if (duration.isNegative() || duration.compareTo(Duration.ofSeconds(1)) > 0) {
                throw new IllegalArgumentException("spin: " + duration + " is not 0 to 1 s");
            }
            this.spin = duration;
            return this;
        }

        /**
         * Sets how long the daemon may take to answer, besides the time that a call asks it to
         * wait. The default is 10 s.
         */
        public Builder timeout(Duration duration) {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException("timeout: " + duration + " is not positive");
            }
            this.timeout = Deadline.atMostLongest(duration);
            return this;
        }

        /**
         * Sets how long the daemon may be away while it is restarted. Calls wait that long for the
         * next daemon. The default is 5 s; with zero, they fail at once. {@link #connect} does not
         * wait.
         */
        public Builder outage(Duration duration) {
            if (duration.isNegative()) {
                throw new IllegalArgumentException("outage: " + duration + " is negative");
            }
            this.outage = Deadline.atMostLongest(duration);
            return this;
        }

        /**
         * Sets the executor that completes futures and runs what depends on them. The default is
         * the one that {@link CompletableFuture} uses for asynchronous tasks. {@code Runnable::run}
         * saves a change of threads, but then what depends on a future must be short, because all
         * other waits of this client stand still meanwhile. The same holds while an executor throws
         * instead of taking a task.
         */
        public Builder executor(Executor forFutures) {
            this.executor = forFutures;
            return this;
        }

        /**
         * Connects.
         *
         * @throws DaemonUnavailableException if no daemon answers there, or this user may not use
         *     it
         */
        public EventfddClient connect() {
            return new EventfddClient(this).connected();
        }

        private Path directoryOrDefault() {
            return directory != null ? directory : RuntimeLocation.current();
        }
    }
}
