package io.eventfdd.bridge.nats;

import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.bridge.status.Pauses;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.PublishOptions;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.NatsMessage;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * A subject that one link publishes to and nobody else. Its last message says how far the link has
 * come, so a link that was killed goes on from there. For the thread of the link.
 *
 * <p>Each message is published on the condition that the last message of the subject is the one
 * that the link knows. It can therefore be published again whenever it is not known whether it was
 * stored, however late the server stores the first one.
 */
public final class Ledger {
    /** The server refuses a message because the last one is another than expected. */
    private static final int WRONG_LAST_SEQUENCE = 10071;

    /** How long the server may take to say that a message is stored. */
    private static final Duration ANSWER = Duration.ofSeconds(2);

    private final Nats nats;
    private final String stream;
    private final String subject;
    private final LinkStatus.Part status;

    /**
     * The sequence of the last message; 0 if there is none. The thread that learns that a message
     * is stored changes it, before the future of {@link #begin} completes.
     */
    private volatile long last;

    /** Reads nothing yet. */
    public Ledger(Nats nats, String stream, String subject, LinkStatus status) {
        this.nats = nats;
        this.stream = stream;
        this.subject = subject;
        this.status = status.part();
    }

    /** The last message, from which the link goes on. */
    public Optional<Entry> open() throws InterruptedException {
        var pauses = new Pauses();
        while (true) {
            try {
                var found = look();
                last = found.map(Stored::sequence).orElse(0L);
                status.running();
                return found.map(Stored::entry);
            } catch (IOException | JetStreamApiException | IllegalStateException e) {
                status.troubled("looking at " + subject + ": " + Failure.text(e));
            }
            pauses.pause();
        }
    }

    /**
     * Publishes {@code entry} behind the last one, and returns when it is stored.
     *
     * @throws SecondWriterException if another message was stored there
     */
    public void append(Entry entry) throws InterruptedException, SecondWriterException {
        var pauses = new Pauses();
        while (true) {
            try {
                last = publish(entry);
                status.running();
                return;
            } catch (IOException | JetStreamApiException | IllegalStateException e) {
                status.troubled(reason(e));
            }
            pauses.pause();
        }
    }

    /**
     * Begins to publish {@code entry} behind the last one, and does not wait. The next one may only
     * be published when the future has completed, which means that this one is stored.
     *
     * @param repeats where it is published again if the first attempt fails
     * @return fails with a {@link SecondWriterException} if another message was stored there
     */
    public CompletableFuture<Void> begin(Entry entry, Executor repeats) {
        return attempt(entry)
                .orTimeout(ANSWER.toMillis(), TimeUnit.MILLISECONDS)
                .thenAccept(this::stored)
                // exceptionallyAsync would need a turn of the other thread for each message
                .exceptionallyCompose(
                        _ -> CompletableFuture.runAsync(() -> appendAfterAll(entry), repeats));
    }

    private CompletableFuture<PublishAck> attempt(Entry entry) {
        try {
            return nats.jetStream().publishAsync(message(entry), options(entry));
        } catch (IllegalStateException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void stored(PublishAck ack) {
        if (ack.isDuplicate()) {
            throw new IllegalStateException("stored before"); // append finds out where
        }
        last = ack.getSeqno();
        status.running();
    }

    private void appendAfterAll(Entry entry) {
        try {
            append(entry);
        } catch (InterruptedException | SecondWriterException e) {
            throw new CompletionException(e);
        }
    }

    private long publish(Entry entry)
            throws IOException, JetStreamApiException, SecondWriterException {
        try {
            var ack = nats.jetStream().publish(message(entry), options(entry));
            if (!ack.isDuplicate()) {
                return ack.getSeqno();
            }
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() != WRONG_LAST_SEQUENCE) {
                throw e;
            }
        }
        // An earlier attempt was stored, unless somebody else writes here.
        var found = look();
        if (found.isPresent() && found.get().entry().isSameAs(entry)) {
            return found.get().sequence();
        }
        throw new SecondWriterException(
                "the last message of "
                        + subject
                        + " in the stream "
                        + stream
                        + " is not from this link: another bridge has the same host name, or the"
                        + " messages were purged");
    }

    private Message message(Entry entry) {
        return NatsMessage.builder()
                .subject(subject)
                .headers(entry.headers())
                .data(entry.body())
                .build();
    }

    private PublishOptions options(Entry entry) {
        var options = PublishOptions.builder().expectedLastSubjectSequence(last);
        var id = entry.id();
        return (id == null ? options : options.messageId(id)).build();
    }

    private record Stored(long sequence, Entry entry) {}

    private Optional<Stored> look() throws IOException, JetStreamApiException {
        return nats.lastMessage(stream, subject)
                .map(found -> new Stored(found.getSeq(), Entry.of(found)));
    }

    private String reason(Exception e) {
        return "publishing to " + subject + ": " + Failure.text(e);
    }
}
