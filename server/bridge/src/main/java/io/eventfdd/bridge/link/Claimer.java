package io.eventfdd.bridge.link;

import io.eventfdd.bridge.config.Link;
import io.eventfdd.bridge.config.Names;
import io.eventfdd.bridge.nats.Claims;
import io.eventfdd.bridge.nats.Entry;
import io.eventfdd.bridge.nats.SharedFeed;
import io.eventfdd.bridge.status.LinkStatus;

import java.time.Duration;
import java.util.ArrayDeque;

/**
 * Claims messages for this host, so that several hosts can divide them. The consumer that all hosts
 * share may deliver a message to several of them, so a host first publishes the message again,
 * under an id that is the same on all hosts. Only the first of these is stored. An {@link Importer}
 * applies what this host has claimed. For a thread of its own.
 */
final class Claimer implements LinkTask {
    /** How many messages may be claimed and not applied, so that a slow host leaves the rest. */
    private static final int MOST = Importer.MOST;

    private static final Duration IDLE = Duration.ofMillis(500);

    private final Link.Import link;
    private final SharedFeed feed;
    private final Claims claims;
    private final Progress progress;
    private final LinkStatus status;

    /** The sequences of the last claims, in the stream of claims. */
    private final ArrayDeque<Long> claimed = new ArrayDeque<>();

    /**
     * Creates a claimer.
     *
     * @param progress of the importer of the claims
     */
    Claimer(
            Link.Import link,
            SharedFeed feed,
            Claims claims,
            Progress progress,
            LinkStatus status) {
        this.link = link;
        this.feed = feed;
        this.claims = claims;
        this.progress = progress;
        this.status = status;
    }

    @Override
    public void run() throws InterruptedException {
        while (true) {
            awaitRoom();
            var next = feed.next(IDLE);
            if (next.isPresent()) {
                claim(next.get().entry());
                next.get().ack();
            }
        }
    }

    private void claim(Entry entry) throws InterruptedException {
        var id = entry.id();
        if (id == null) {
            status.foreign("a message of " + link.subject() + ", " + entry);
            return;
        }
        claims.claim(entry.withId(Names.claimId(link.consumer(), id))).ifPresent(claimed::addLast);
    }

    private void awaitRoom() throws InterruptedException {
        while (!claimed.isEmpty() && progress.hasReached(claimed.peekFirst())) {
            claimed.removeFirst();
        }
        if (claimed.size() >= MOST) {
            // What was received already must not wait here, but go to another host.
            feed.close();
            progress.await(claimed.removeFirst());
        }
    }

    @Override
    public void close() {
        feed.close();
    }
}
