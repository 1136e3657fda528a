package io.eventfdd.internal.http;

import io.eventfdd.client.Count;
import io.eventfdd.client.DaemonFaultException;
import io.eventfdd.client.DaemonInfo;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfdState;
import io.eventfdd.client.ProblemType;
import io.eventfdd.client.Signal;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.Failures;
import io.eventfdd.internal.LongestWait;
import io.eventfdd.internal.leases.LeaseTransport;
import io.eventfdd.internal.wire.JsonFields;
import io.eventfdd.internal.wire.JsonObject;
import io.eventfdd.internal.wire.LeaseState;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.internal.wire.SpecFields;
import io.eventfdd.internal.wire.StateDocument;
import io.eventfdd.internal.wire.Timeout;
import io.eventfdd.internal.wire.WaitRequest;
import io.eventfdd.internal.wire.WaiterState;
import io.eventfdd.internal.wire.WriteManyRequest;
import io.eventfdd.internal.wire.WriteRequest;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;

/** The daemon's HTTP calls, which server/API.md describes, as methods. Safe for all threads. */
public final class HttpDaemon implements AutoCloseable {
    /** The result of a PUT. */
    record Creation(EventfdState state, boolean created) {}

    /** The reads of one name, which go when the last handle on it does. */
    private record SharedReads(GatheredReads reads, int handles) {
        SharedReads with(int more) {
            return new SharedReads(reads, handles + more);
        }
    }

    private static final Duration ANY = Duration.ofDays(3650);

    /**
     * The pause between two attempts to put a value back that has to wait for a limit of the
     * daemon.
     */
    private static final long LIMIT_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final HttpCalls api;
    private final GatheredWrites writes = new GatheredWrites(this::writeNow);

    private final Map<EventfdName, SharedReads> sharedReads = new ConcurrentHashMap<>();

    private final LongestWait longestWait = new LongestWait(this::askLongestWait);

    public HttpDaemon(Path socket, Duration patience, Duration outage) {
        this.api = new HttpCalls(socket, patience, outage);
    }

    /** The calls on leases. */
    public LeaseTransport leases() {
        return new HttpLeases(api);
    }

    // Calls that do not wait

    public DaemonInfo info() {
        return read(api.call(HttpCall.get("/v1")), HttpDaemon::infoOf);
    }

    public List<EventfdState> list(String prefix) {
        var path = "/v1/eventfds?prefix=" + prefix + "&after=";
        return all(path, "", "eventfds", StateDocument::from);
    }

    /** The leases that this user may see; only those that take from or give to {@code name}. */
    public List<LeaseState> leases(Optional<EventfdName> name) {
        var query = name.map(one -> "name=" + one + "&").orElse("");
        return all("/v1/leases?" + query + "after=", "", "leases", LeaseState::from);
    }

    /** The calls that wait on an eventfd, in order of arrival. */
    public List<WaiterState> waiters(EventfdName name) {
        return all(path(name) + "/waiters?after=", "0", "waiters", WaiterState::from);
    }

    /**
     * The elements of {@code field} of all pages.
     *
     * @param path of a page, without the place behind which it begins
     * @param first the place for the first page
     */
    private <T> List<T> all(
            String path, String first, String field, Function<? super JsonFields, T> reader) {
        List<T> all = new ArrayList<>();
        var after = first;
        do {
            after =
                    read(
                            api.call(HttpCall.get(path + after)),
                            fields -> {
                                for (var element : fields.array(field)) {
                                    all.add(reader.apply(JsonFields.of("", element)));
                                }
                                return fields.text("next").orElse("");
                            });
        } while (!after.isEmpty());
        return all;
    }

    public EventfdState state(EventfdName name) {
        return read(api.call(HttpCall.get(path(name))), StateDocument::from);
    }

    Creation create(EventfdName name, EventfdSpec spec, boolean exclusive) {
        var answer = api.call(HttpCall.put(path(name), SpecFields.json(spec), exclusive));
        return new Creation(read(answer, StateDocument::from), answer.isCreated());
    }

    public void delete(EventfdName name) {
        api.call(HttpCall.delete(path(name))).check();
    }

    /** Throws the problem of the daemon if there is no room. */
    void write(EventfdName name, long value) {
        writes.write(name, value).check();
    }

    private HttpAnswer writeNow(Map<EventfdName, Long> values) {
        if (values.size() > 1) {
            var entries = new ArrayList<WriteManyRequest.Entry>();
            values.forEach((name, value) -> entries.add(new WriteManyRequest.Entry(name, value)));
            var request = new WriteManyRequest(entries, Duration.ZERO);
            var call = HttpCall.write("/v1/write", request.toJson());
            return settled(call, entries.get(0).name());
        }
        var one = values.entrySet().iterator().next();
        var name = one.getKey();
        var call = HttpCall.write(path(name) + "/write", body(one.getValue(), Duration.ZERO));
        return settled(call, name);
    }

    /** The value that was taken; 0 if there was none. */
    long read(EventfdName name) {
        return value(readNow(name, 1));
    }

    /** The reads that all handles on {@code name} share, for one more handle. */
    GatheredReads beginReads(EventfdName name) {
        return sharedReads
                .compute(
                        name,
                        (same, shared) ->
                                shared == null
                                        ? new SharedReads(
                                                new GatheredReads(most -> readNow(name, most)), 1)
                                        : shared.with(1))
                .reads();
    }

    /** After {@link #beginReads}, once for each handle. */
    void endReads(EventfdName name) {
        sharedReads.computeIfPresent(
                name, (same, shared) -> shared.handles() == 1 ? null : shared.with(-1));
    }

    /** Reads up to {@code most} permits of a semaphore, or a counter if {@code most} is 1. */
    private HttpAnswer readNow(EventfdName name, int most) {
        var body = new ReadRequest(Duration.ZERO, most).toJson();
        return settled(HttpCall.taking(path(name) + "/read", body), name);
    }

    /** The value that a read took; 0 if there was none. */
    static long value(HttpAnswer answer) {
        return number(answer, "value");
    }

    /**
     * Puts back a value that was taken and that nobody wants, as soon as there is room for it and
     * the daemon accepts another key, even if the client is closed by then. If the eventfd was
     * deleted, the value is gone.
     */
    void putBack(EventfdName name, long value) {
        if (value == Count.OVERFLOW) {
            putBack(name, Count.MAX);
            putBack(name, value - Count.MAX);
            return;
        }
        var answer = writeLate(name, value);
        while (answer.is(ProblemType.WOULD_BLOCK) || answer.is(ProblemType.LIMIT)) {
            if (answer.is(ProblemType.LIMIT)) {
                LockSupport.parkNanos(LIMIT_PAUSE_NANOS);
            }
            answer = writeLate(name, value);
        }
        if (!answer.is(ProblemType.GONE) && !answer.is(ProblemType.NOT_FOUND)) {
            answer.check();
        }
    }

    private HttpAnswer writeLate(EventfdName name, long value) {
        var time = longestWait.get();
        var answer = writeLate(name, value, time);
        return isTooLong(answer, time) ? writeLate(name, value, longestWait.get()) : answer;
    }

    private HttpAnswer writeLate(EventfdName name, long value, Duration time) {
        return api.callLate(HttpCall.write(path(name) + "/write", body(value, time)), time);
    }

    // Calls that wait, and that their handle can end

    /** Writes the value. Returns false if there was no room for it in time. */
    public boolean write(EventfdName name, long value, Deadline deadline, CallHandle handle)
            throws InterruptedException {
        var path = path(name) + "/write";
        WaitingCall own =
                until ->
                        settled(
                                () -> HttpCall.write(path, body(value, until.left())),
                                name,
                                until.left(),
                                handle);
        var now = Deadline.in(Duration.ZERO);
        var first = writes.write(name, value, deadline, handle, () -> own.make(now));
        if (first.isEmpty() && handle.isEnded()) {
            throw Failures.handleClosed(name);
        }
        boolean written = isWritten(first.isPresent() ? first.get() : answer(deadline, own));
        while (!written && !deadline.hasPassed()) {
            written = isWritten(answer(deadline, own));
        }
        return written;
    }

    /** A call that waits until a certain time, even if several daemons have it. */
    @FunctionalInterface
    private interface WaitingCall {
        HttpAnswer make(Deadline until) throws InterruptedException;
    }

    /**
     * The answer to {@code call}, which waits until {@code deadline} or as long as the daemon lets
     * it.
     */
    private HttpAnswer answer(Deadline deadline, WaitingCall call) throws InterruptedException {
        var time = deadline.leftAtMost(longestWait);
        var answer = call.make(Deadline.in(time));
        return isTooLong(answer, time)
                ? call.make(Deadline.in(deadline.leftAtMost(longestWait)))
                : answer;
    }

    /**
     * Whether {@code answer} refuses a call because it wants to wait for {@code time}, so that it
     * can be made again with a shorter one.
     */
    private boolean isTooLong(HttpAnswer answer, Duration time) {
        return (answer.is(ProblemType.INVALID_VALUE) || answer.is(ProblemType.INVALID_REQUEST))
                && longestWait.isExceededBy(time);
    }

    private static DaemonInfo infoOf(JsonFields fields) {
        return new DaemonInfo(
                fields.text("version").orElse(""),
                Path.of(
                        fields.fields("runtime")
                                .flatMap(runtime -> runtime.text("directory"))
                                .orElse("")),
                fields.fields("limits")
                        .flatMap(limits -> limits.timeout("max-wait", ANY))
                        .orElse(Timeout.DEFAULT_MAX_WAIT));
    }

    private static JsonObject body(long value, Duration timeout) {
        return new WriteRequest(value, timeout).toJson();
    }

    /** The answer to a call on {@code name}, and perhaps on others. */
    private HttpAnswer settled(
            Supplier<HttpCall> made, EventfdName name, Duration time, CallHandle handle)
            throws InterruptedException {
        return api.settled(made, () -> look(name), time, handle);
    }

    /** The same for a call that does not wait. */
    private HttpAnswer settled(HttpCall call, EventfdName name) {
        return api.settled(call, () -> look(name));
    }

    private static HttpCall look(EventfdName name) {
        var look = new WaitRequest(List.of(name), WaitRequest.Mode.ANY, false, Duration.ZERO);
        return HttpCall.look("/v1/wait", look.toJson());
    }

    private static boolean isWritten(HttpAnswer answer) {
        if (answer.is(ProblemType.WOULD_BLOCK)) {
            return false;
        }
        answer.check();
        return true;
    }

    long read(EventfdName name, Deadline deadline, CallHandle handle) throws InterruptedException {
        long value;
        do {
            var answer =
                    answer(
                            deadline,
                            until ->
                                    settled(
                                            () -> readUntil(name, until),
                                            name,
                                            until.left(),
                                            handle));
            value = value(answer);
        } while (value == 0 && !deadline.hasPassed());
        return value;
    }

    private static HttpCall readUntil(EventfdName name, Deadline until) {
        return HttpCall.taking(path(name) + "/read", new ReadRequest(until.left()).toJson());
    }

    /** The count that was seen; 0 at the deadline. */
    long await(EventfdName name, Deadline deadline, CallHandle handle) throws InterruptedException {
        long count;
        do {
            var answer =
                    answer(
                            deadline,
                            until -> api.call(() -> awaitUntil(name, until), until.left(), handle));
            count = number(answer, "count");
        } while (count == 0 && !deadline.hasPassed());
        return count;
    }

    private static HttpCall awaitUntil(EventfdName name, Deadline until) {
        return HttpCall.get(path(name) + "/wait?timeout=" + Timeout.format(until.left()));
    }

    public List<Signal> await(
            List<EventfdName> names,
            WaitRequest.Mode mode,
            boolean consume,
            Deadline deadline,
            CallHandle handle)
            throws InterruptedException {
        List<Signal> ready;
        do {
            var answer =
                    answer(
                            deadline,
                            until -> {
                                Supplier<HttpCall> made =
                                        () -> awaitUntil(names, mode, consume, until);
                                return consume
                                        ? settled(made, names.get(0), until.left(), handle)
                                        : api.call(made, until.left(), handle);
                            });
            ready =
                    answer.isNoContent()
                            ? List.of()
                            : read(answer, fields -> ready(fields, consume));
        } while (ready.isEmpty() && !deadline.hasPassed());
        return ready;
    }

    private static HttpCall awaitUntil(
            List<EventfdName> names, WaitRequest.Mode mode, boolean consume, Deadline until) {
        var body = new WaitRequest(names, mode, consume, until.left()).toJson();
        return consume ? HttpCall.taking("/v1/wait", body) : HttpCall.look("/v1/wait", body);
    }

    private static List<Signal> ready(JsonFields fields, boolean consume) {
        List<Signal> ready = new ArrayList<>();
        for (var element : fields.array("ready")) {
            var one = JsonFields.of("", element);
            ready.add(
                    new Signal(one.name("name"), one.count(consume ? "value" : "count", 0, -1, 0)));
        }
        return ready;
    }

    /** How long the daemon lets a call wait. */
    public LongestWait longestWait() {
        return longestWait;
    }

    /** Even if the client is closed by now, because a value may have to be put back. */
    private Duration askLongestWait() {
        var handle = api.connections().isClosed() ? CallHandle.late() : new CallHandle();
        var answer = api.call(HttpCall.get("/v1"), api.patience(), api.outage(), handle);
        return read(answer, HttpDaemon::infoOf).maxWait();
    }

    // Answers

    static <T> T read(HttpAnswer answer, Function<? super JsonFields, T> reader) {
        var fields = answer.fields();
        try {
            return reader.apply(fields);
        } catch (ProblemException e) {
            throw new DaemonFaultException("not an answer of eventfdd: " + e.getMessage(), null, e);
        }
    }

    private static long number(HttpAnswer answer, String field) {
        return answer.isNoContent() ? 0 : read(answer, fields -> fields.count(field, 0, -1, 0));
    }

    static String path(EventfdName name) {
        return "/v1/eventfds/" + name;
    }

    @Override
    public void close() {
        api.close();
    }
}
