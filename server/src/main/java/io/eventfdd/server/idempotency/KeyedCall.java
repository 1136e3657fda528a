package io.eventfdd.server.idempotency;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.Lease;
import io.eventfdd.server.eventfds.Reading;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * A call with an idempotency key, its answer once there is one, and the values in that answer that
 * no client has taken yet. Any thread may call it.
 */
public final class KeyedCall {
    private final Key key;
    private final byte[] request;
    private final Eventfds eventfds;
    private @Nullable Answer answer;
    private KeyLapses.@Nullable Moment lapse;
    private List<Reading> kept = List.of();

    /** The lease in the answer, as long as the key lives. */
    private @Nullable Lease lease;

    /**
     * The values that another process kept, until the eventfds that they were taken from are known.
     */
    private List<KeptAnswer.Taken> inherited = List.of();

    /** The size of the answer in bytes. */
    private int size;

    /** The number of clients to which the answer is on its way. */
    private int deliveries;

    /** Whether the key's time is over, so that it ends as soon as it may. */
    private boolean expired;

    /** Whether the key has ended, so that it is new to the next call that uses it. */
    private boolean over;

    /** A key belongs to one user. */
    record Key(int uid, String text) {}

    /**
     * Creates a call without an answer.
     *
     * @param request the digest of the request
     * @param eventfds the eventfds to which values go back
     */
    KeyedCall(Key key, byte[] request, Eventfds eventfds) {
        this.key = key;
        this.request = request;
        this.eventfds = eventfds;
    }

    /** Creates a call that another process has answered with {@code before}. */
    static KeyedCall of(KeptAnswer before, Eventfds eventfds) {
        return new KeyedCall(
                new Key(before.uid(), before.key()),
                Base64.getDecoder().decode(before.request()),
                eventfds);
    }

    Key key() {
        return key;
    }

    /**
     * Returns the answer again, to be sent to a client; empty if the key has lapsed since it was
     * found.
     *
     * @throws ProblemException if there is no answer yet, or if {@code same} is not the digest of
     *     the request
     */
    synchronized Optional<Answer> again(byte[] same) {
        if (over) {
            return Optional.empty();
        }
        if (answer == null) {
            throw new ProblemException(
                    ProblemType.IDEMPOTENCY_KEY_IN_USE,
                    "the first call with this key is still running");
        }
        if (!Arrays.equals(request, same)) {
            throw new ProblemException(
                    ProblemType.IDEMPOTENCY_KEY_REUSED,
                    "this key was used before with another method, path or body");
        }
        deliveries++;
        return Optional.of(answer);
    }

    /** Sets the answer, which is on its way to a client and is kept for {@code life}. */
    synchronized void answered(Answer now, Duration life, KeyLapses lapses) {
        deliveries++;
        kept = now.taken();
        lease = now.lease().orElse(null);
        keep(now, life, lapses);
    }

    /** Sets the answer that another process gave. */
    synchronized void answered(KeptAnswer before, Duration life, KeyLapses lapses) {
        inherited = before.taken();
        keep(Answer.of(before), life, lapses);
    }

    private void keep(Answer now, Duration life, KeyLapses lapses) {
        answer = now;
        size = now.size();
        lapse = lapses.add(this, life);
    }

    /** The moment at which the key lapses; empty as long as the call runs. */
    synchronized Optional<KeyLapses.Moment> lapse() {
        return Optional.ofNullable(lapse);
    }

    /** Notes whether the client took the answer that was on its way to it. */
    public synchronized void delivered(boolean taken) {
        deliveries--;
        if (taken) {
            inherited = List.of();
            kept = List.of();
        }
        putBackIfOver();
    }

    /**
     * Whether the answer has a value or a lease that no client may have taken yet. Then the caller
     * must {@linkplain #delivered report} whether this client took it.
     */
    public synchronized boolean keepsValue() {
        return !kept.isEmpty() || !inherited.isEmpty() || lease != null;
    }

    /**
     * Sets {@code readings}, which another process took from eventfds that are known here now.
     * Returns true if the key had to stay for that although its time {@linkplain #expire is over}.
     */
    synchronized boolean keep(List<Reading> readings) {
        if (!inherited.isEmpty()) {
            inherited = List.of();
            kept = readings;
            putBackIfOver();
        }
        return expired;
    }

    /**
     * Notes that the key's time is over. Returns false if the key has to stay, because a value is
     * to go back to an eventfd that is not known yet; the next process gets the value with the key.
     */
    synchronized boolean expire() {
        expired = true;
        return inherited.isEmpty();
    }

    /** Notes that the client is done with the key, so that it has taken the whole answer. */
    synchronized void done() {
        over = true;
        inherited = List.of();
        kept = List.of();
        endLease();
    }

    /** Notes that the key has lapsed: values that nobody took go back. */
    synchronized void lapsed() {
        over = true;
        putBackIfOver();
    }

    private void putBackIfOver() {
        if (!over || deliveries > 0) {
            return;
        }
        if (!kept.isEmpty()) {
            eventfds.putBack(kept);
            kept = List.of();
        }
        endLease();
    }

    private void endLease() {
        if (lease != null) {
            eventfds.leases().keyOver(lease);
            lease = null;
        }
    }

    /** The size of the answer in bytes; 0 as long as the call runs. */
    synchronized int size() {
        return size;
    }

    /**
     * The answer and the rest of its life, for the next process; empty as long as the call runs.
     */
    synchronized Optional<KeptAnswer> leave(KeyLapses lapses) {
        if (answer == null || lapse == null) {
            return Optional.empty();
        }
        return Optional.of(
                answer.leave(
                        key.uid(),
                        key.text(),
                        Base64.getEncoder().encodeToString(request),
                        untaken(),
                        lapses.left(lapse)));
    }

    private List<KeptAnswer.Taken> untaken() {
        return inherited.isEmpty()
                ? kept.stream()
                        .filter(it -> !it.isGone())
                        .map(it -> new KeptAnswer.Taken(it.name(), it.value()))
                        .toList()
                : inherited;
    }
}
