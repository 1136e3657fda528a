package io.eventfdd.server.eventfds;

import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.ReadBuffer;
import io.eventfdd.server.loop.EventLoop;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * Subtracts the {@linkplain Former advance} that an eventfd began anew with, once a holder has
 * brought the object with that count: from the object, and from the eventfd if the object has too
 * little left. The holders of the object move what is left on it after that, which is when they
 * have the reply. Belongs to the loop's thread.
 *
 * <p>If readers have taken the same count from both already, the rest of the advance stays, and is
 * subtracted when the object is brought again.
 */
final class Settlement implements EventLoop.Work {
    private static final System.Logger LOGGER = System.getLogger(Settlement.class.getName());

    /** The greatest number of permits of a semaphore that one step takes. */
    private static final int PERMITS = 64;

    private final Inventory inventory;
    private final Waits waits;
    private final BooleanSupplier isOver;
    private final NamedEventfd eventfd;
    private final EventFd object;
    private final long id;
    private final ReadBuffer buffer = new ReadBuffer();
    private final CompletableFuture<Boolean> over = new CompletableFuture<>();

    /**
     * Creates a settlement, which holds {@code object} until its last step.
     *
     * @param isOver whether the counts belong to another process by now
     */
    private Settlement(
            Inventory inventory,
            Waits waits,
            BooleanSupplier isOver,
            NamedEventfd eventfd,
            EventFd object)
            throws ErrnoException {
        this.inventory = inventory;
        this.waits = waits;
        this.isOver = isOver;
        this.eventfd = eventfd;
        this.object = object;
        this.id = object.id();
    }

    /**
     * Settles the advance of {@code eventfd} on {@code object}, which a holder has brought.
     *
     * @return completes on the loop's thread, when all is settled. The holder must not move what is
     *     left before that: a permit that it has in its hand is on neither of the two
     */
    static CompletableFuture<?> begin(
            EventLoop loop,
            Inventory inventory,
            Waits waits,
            BooleanSupplier isOver,
            NamedEventfd eventfd,
            EventFd object)
            throws IOException {
        var settlement = new Settlement(inventory, waits, isOver, eventfd, object);
        if (settlement.advance() == 0 || !object.fd().acquire()) {
            return CompletableFuture.completedFuture(true);
        }
        while (settlement.step()) {
            if (!loop.hasTime()) {
                loop.begin(settlement);
                break;
            }
        }
        return settlement.over;
    }

    private long advance() {
        return eventfd.former().advance(id);
    }

    @Override
    public boolean step() throws IOException {
        boolean more = false;
        try {
            more = !isOver.getAsBoolean() && !eventfd.deleted && settle();
        } catch (ErrnoException e) {
            LOGGER.log(
                    Level.ERROR,
                    "{0} keeps what it began anew with, since its holder''s count cannot be read:"
                            + " {1}",
                    eventfd.name(),
                    e.getMessage());
        }
        if (!more) {
            end();
        }
        return more;
    }

    @Override
    public void abandon() {
        end();
    }

    private void end() {
        object.fd().release();
        over.complete(true);
    }

    /** Takes once. Returns false if nothing is owed any more, or if nothing is left. */
    private boolean settle() throws IOException {
        long owed = advance();
        int most = Long.compareUnsigned(owed, PERMITS) < 0 ? (int) owed : PERMITS;
        long value = object.readNow(eventfd.spec().semaphore(), most, buffer);
        if (value == 0) {
            value = waits.take(eventfd, most);
        }
        if (value == 0) {
            return false;
        }
        boolean isEnough = Long.compareUnsigned(value, owed) >= 0;
        inventory.advance(eventfd, id, isEnough ? 0 : owed - value);
        if (isEnough && value != owed) {
            waits.putBack(new Reading(eventfd, value - owed));
        }
        return !isEnough;
    }
}
