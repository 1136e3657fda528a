package io.eventfdd.bridge.daemon;

import io.eventfdd.bridge.config.Link;
import io.eventfdd.bridge.config.Link.Kind;
import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.bridge.status.Pauses;
import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.Problem;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.http.KeyedCalls;
import io.eventfdd.internal.wire.ReadRequest;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The local eventfd of one link. Each read and write has a key, and is repeated with that key until
 * the daemon has answered, over restarts of the daemon. For the thread of the link.
 *
 * <p>The keys whose calls are settled elsewhere ({@link #done}) are told to the daemon with the
 * next call.
 */
public final class LinkedEventfd implements AutoCloseable {
    /**
     * How long one call waits. It is part of the request that a key belongs to, so it must not
     * change from one start of the bridge to the next.
     */
    static final Duration WAIT = Duration.ofSeconds(10);

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Logger LOGGER = System.getLogger(LinkedEventfd.class.getName());

    private final Link link;
    private final EventfdName name;
    private final KeyedCalls calls;
    private final LinkStatus status;
    private final LinkStatus.Part part;
    private final SettledKeys settled = new SettledKeys(System::nanoTime);
    private final Duration longestAbsence;
    private String keys = "";
    private int max = 1;

    /**
     * Takes no connection yet.
     *
     * @param socket {@code api.sock} of the daemon
     * @param longestAbsence for how long the daemon may be away during a call without a doubt, if
     *     it remembers keys for as long
     */
    public LinkedEventfd(Link link, Path socket, Duration longestAbsence, LinkStatus status) {
        this.link = link;
        this.longestAbsence = longestAbsence;
        this.name = link.name();
        this.calls = new KeyedCalls(socket, PATIENCE);
        this.status = status;
        this.part = status.part();
    }

    /** A call, which may be made again. */
    private interface Call<T> {
        T make() throws IOException;
    }

    /**
     * Which daemon the last call went to. It is the same for daemons that hand their keys on to one
     * another, and another one if a daemon was killed.
     */
    public String keys() {
        return keys;
    }

    /** Waits until the daemon has the eventfd, or creates it if the link says of which kind. */
    public void prepare() throws InterruptedException {
        max = repeated("", Optional.empty(), () -> "", this::findOrCreate);
        settled.begin();
        warning().ifPresent(text -> LOGGER.log(Level.WARNING, "{0}: {1}", link, text));
        part.running();
    }

    /** Has the eventfd; how many permits a read may ask for, which is 1 of a counter. */
    private int findOrCreate() throws IOException {
        var kind = link.kind();
        boolean semaphore = kind == Kind.SEMAPHORE;
        var spec = semaphore ? EventfdSpec.semaphoreOf(0) : EventfdSpec.counter();
        var found = kind == null ? calls.state(name) : calls.create(name, spec);
        return found.spec().semaphore() ? ReadRequest.MOST : 1;
    }

    /** What {@link #prepare} would do, in a few words; it changes nothing. */
    public String describe() throws IOException {
        calls.connect();
        try {
            var found = calls.state(name).spec().semaphore() ? Kind.SEMAPHORE : Kind.COUNTER;
            return link.kind() == null || link.kind() == found
                    ? "is a " + word(found)
                    : "is a " + word(found) + ", and create says " + word(link.kind());
        } catch (EventfddException e) {
            if (!is(e, ProblemType.NOT_FOUND)) {
                return "is refused: " + e.getMessage();
            }
            return link.kind() == null
                    ? "is missing; the link would wait for it"
                    : "is missing; would be created as a " + word(link.kind());
        }
    }

    private static String word(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** What the daemon does not remember for as long as the bridge was told. */
    public Optional<String> warning() {
        return isRememberedForLess()
                ? Optional.of(
                        "the daemon forgets a key after its key-life of %d s, which is shorter than"
                                        .formatted(calls.keyLife().toSeconds())
                                + " longest-absence")
                : Optional.empty();
    }

    private boolean isRememberedForLess() {
        return calls.keyLife().compareTo(longestAbsence) < 0;
    }

    /** For how long the daemon may be away during a call without a doubt. */
    private Duration longestAbsence() {
        return isRememberedForLess() ? calls.keyLife() : longestAbsence;
    }

    /**
     * Takes what there is.
     *
     * @param earlier the daemon to which an earlier run of the bridge may have made this call
     * @return 0 if there was nothing for some time; then no run has taken anything by this call
     */
    public long take(String key, Optional<String> earlier) throws InterruptedException {
        var done = settled.next();
        long value =
                repeated(
                        key,
                        earlier,
                        () -> "a read of " + name + ": what it took may be missing",
                        () -> calls.read(name, key, WAIT, max, done));
        settled.told(done);
        part.running();
        if (value == 0) {
            forget(key);
        }
        return value;
    }

    /**
     * Adds {@code value}.
     *
     * @param earlier the daemon to which an earlier run of the bridge may have made this call
     * @return false if there was no room for some time; then the same call has to be made again, by
     *     this run
     */
    public boolean add(long value, String key, Optional<String> earlier)
            throws InterruptedException {
        var done = settled.next();
        boolean added =
                repeated(
                        key,
                        earlier,
                        () ->
                                "a write of %s to %s: it is made again, and may be counted twice"
                                        .formatted(Count.toString(value), name),
                        () -> calls.write(name, value, key, WAIT, done));
        settled.told(done);
        if (added) {
            part.running();
        } else {
            part.troubled(
                    name + " has no room for " + Count.toString(value) + "; waiting for readers");
            forget(key);
        }
        return added;
    }

    /** Notes keys that are needed no more. */
    public void done(List<String> keys) {
        settled.add(keys);
    }

    /**
     * Has the daemon forget the answer to {@code key}, with which a new call is made next. If the
     * connection ends meanwhile, the daemon may still have this request unread. It must not read it
     * after the new call, so that one waits.
     */
    private void forget(String key) throws InterruptedException {
        Thread.sleep(settled.hold(key));
        var pauses = new Pauses();
        while (true) {
            try {
                calls.connect();
                calls.done(List.of(key));
                return;
            } catch (KeyedCalls.NotSentException e) {
                return; // Then the next call gets the kept answer once more.
            } catch (ClosedByInterruptException e) {
                throw interrupted();
            } catch (IOException e) {
                part.troubled(reason(e));
                Thread.sleep(SettledKeys.UNREAD);
                return;
            } catch (EventfddException e) {
                part.troubled(reason(e));
                pauses.pause();
            }
        }
    }

    /**
     * Makes a call until it is answered.
     *
     * @param key of the call, or nothing if it changes nothing
     * @param earlier the daemon to which an earlier run may have made it
     * @param what the call is, and what becomes of it if a daemon is killed meanwhile
     */
    private <T> T repeated(
            String key, Optional<String> earlier, Supplier<String> what, Call<T> call)
            throws InterruptedException {
        var pauses = new Pauses();
        var sentTo = earlier;
        var during = earlier.isPresent() ? "since an earlier run, perhaps during" : "during";
        // What an earlier run has called is as old as what it has left unsettled.
        var age = earlier.isPresent() ? status.unsettledFor() : Duration.ZERO;
        long since = System.nanoTime() - age.toNanos();
        while (true) {
            var before = sentTo;
            try {
                keys = calls.connect();
                if (sentTo.isPresent()) {
                    boolean known = sentTo.get().equals(keys);
                    if (!known || System.nanoTime() - since > longestAbsence().toNanos()) {
                        var why = known ? "away for too long" : "killed";
                        status.inDoubt(
                                "the daemon was %s %s %s".formatted(why, during, what.get()));
                        before = Optional.empty();
                    }
                }
                if (before.isEmpty()) {
                    since = System.nanoTime(); // An answer is not kept longer if it is asked for.
                }
                if (!key.isEmpty()) {
                    sentTo = Optional.of(keys);
                }
                return call.make();
            } catch (ClosedByInterruptException e) {
                throw interrupted();
            } catch (KeyedCalls.NotSentException e) {
                sentTo = before;
                part.troubled(reason(e));
            } catch (IOException e) {
                if (!key.isEmpty()) {
                    settled.cutOff(key);
                    status.unsettled();
                }
                part.troubled(reason(e));
            } catch (EventfddException e) {
                if (!isInUse(e)) {
                    sentTo = before; // This time it was not carried out.
                    refused(key, e);
                }
            }
            pauses.pause();
        }
    }

    /** Whether the daemon has not noticed yet that the last connection has ended. */
    private static boolean isInUse(EventfddException e) {
        return is(e, ProblemType.IDEMPOTENCY_KEY_IN_USE);
    }

    private static boolean is(EventfddException e, ProblemType type) {
        return e.problem().map(Problem::type).equals(Optional.of(type));
    }

    private void refused(String key, EventfddException e) throws InterruptedException {
        boolean isMissing = is(e, ProblemType.NOT_FOUND) && link.kind() != null;
        boolean isOfAnotherKind = is(e, ProblemType.INVALID_VALUE);
        if (isMissing || isOfAnotherKind) {
            lookAgain();
            return;
        }
        part.troubled(reason(e));
        if (is(e, ProblemType.GONE) && !key.isEmpty()) {
            forget(key); // It keeps this answer too.
        }
    }

    private void lookAgain() throws InterruptedException {
        try {
            calls.connect();
            max = findOrCreate();
        } catch (ClosedByInterruptException e) {
            throw interrupted();
        } catch (IOException | EventfddException e) {
            part.troubled(reason(e));
        }
    }

    private static InterruptedException interrupted() {
        Thread.interrupted();
        return new InterruptedException();
    }

    private static String reason(Exception e) {
        return "the daemon: " + e.getMessage();
    }

    @Override
    public void close() {
        calls.close();
    }
}
