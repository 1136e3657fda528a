package io.eventfdd.server.idempotency;

import io.eventfdd.client.ProblemException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.server.eventfds.Eventfds;
import io.eventfdd.server.eventfds.Lease;
import io.eventfdd.server.eventfds.Reading;

import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * A call that has an idempotency key, its answer as soon as there is one, and what that answer took
 * from eventfds and no client has taken yet. For all threads.
 */
public final class KeyedCall {
    private final Key key;
    private final byte[] request;
    private final Eventfds eventfds;
    private Optional<Answer> answer = Optional.empty();
    private Optional<KeyLapses.Moment> lapse = Optional.empty();
    private List<Reading> kept = List.of();

    /** The lease that the answer grants, as long as the key lives. */
    private Optional<Lease> lease = Optional.empty();

    /** What another process kept, until it is settled which eventfds that was taken from. */
    private List<KeptAnswer.Taken> inherited = List.of();

    /** The bytes that the answer fills. */
    private int size;

    /** How many clients the answer is on its way to. */
    private int deliveries;

    /** Whether the key is new to whoever comes with it. */
    private boolean over;

    /** A key is one user's own. */
    record Key(int uid, String text) {}

    /**
     * A call that has no answer yet.
     *
     * @param request the digest of the request
     * @param eventfds where values go back to
     */
    KeyedCall(Key key, byte[] request, Eventfds eventfds) {
        this.key = key;
        this.request = request;
        this.eventfds = eventfds;
    }

    /** The call that another process gave the answer {@code before} to. */
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
     * The answer once more, on its way to a client; empty if the key is over since it was found.
     *
     * @throws ProblemException if there is none yet, or {@code same} is not the digest of its
     *     request
     */
    synchronized Optional<Answer> again(byte[] same) {
        if (over) {
            return Optional.empty();
        }
        if (answer.isEmpty()) {
            throw ProblemType.IDEMPOTENCY_KEY_IN_USE.exception(
                    "the first call with this key is still running");
        }
        if (!Arrays.equals(request, same)) {
            throw ProblemType.IDEMPOTENCY_KEY_REUSED.exception(
                    "the key came before with another method, path or body");
        }
        deliveries++;
        return answer;
    }

    /** The call has its answer, which is on its way to a client and kept for {@code life}. */
    synchronized void answered(Answer now, Duration life, KeyLapses lapses) {
        deliveries++;
        kept = now.taken();
        lease = now.lease();
        keep(now, life, lapses);
    }

    /** The call has the answer that another process gave. */
    synchronized void answered(KeptAnswer before, Duration life, KeyLapses lapses) {
        inherited = before.taken();
        keep(Answer.of(before), life, lapses);
    }

    private void keep(Answer now, Duration life, KeyLapses lapses) {
        answer = Optional.of(now);
        size = now.size();
        lapse = Optional.of(lapses.add(this, life));
    }

    /** When its key lapses; empty as long as the call runs. */
    synchronized Optional<KeyLapses.Moment> lapse() {
        return lapse;
    }

    /** The client took what was on its way to it, or did not. */
    public synchronized void delivered(boolean taken) {
        deliveries--;
        if (taken) {
            inherited = List.of();
            kept = List.of();
            lease.ifPresent(it -> eventfds.leases().settle(it, true));
        }
        putBackIfOver();
    }

    /**
     * Whether a value or a lease belongs to the answer that no client may have taken yet: then it
     * has to be {@linkplain #delivered told} whether this one did.
     */
    public synchronized boolean keepsValue() {
        return !kept.isEmpty() || !inherited.isEmpty() || lease.isPresent();
    }

    /** The eventfds are there that {@code readings} were taken from in another process. */
    synchronized void keep(List<Reading> readings) {
        if (!inherited.isEmpty()) {
            inherited = List.of();
            kept = readings;
            putBackIfOver();
        }
    }

    /** Its client is done with it, so that it has taken all that it was answered. */
    synchronized void done() {
        over = true;
        inherited = List.of();
        kept = List.of();
        endLease();
    }

    /** Its key has lapsed: what nobody took goes back. */
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
        lease.ifPresent(eventfds.leases()::keyOver);
        lease = Optional.empty();
    }

    /** The bytes that its answer fills; 0 as long as the call runs. */
    synchronized int size() {
        return size;
    }

    /** Its answer and what is left of its life, for another process; empty as long as it runs. */
    synchronized Optional<KeptAnswer> leave(KeyLapses lapses) {
        return answer.flatMap(it ->
                lapse.map(moment ->
                        it.leave(
                                key.uid(),
                                key.text(),
                                Base64.getEncoder().encodeToString(request),
                                untaken(),
                                lapses.left(moment))));
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
