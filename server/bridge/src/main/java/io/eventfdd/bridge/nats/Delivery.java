package io.eventfdd.bridge.nats;

import io.eventfdd.bridge.status.LinkStatus;
import io.nats.client.Connection;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusCheckedException;
import io.nats.client.Message;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * The messages that the server delivers to a consumer. It ends whenever something happens to the
 * connection, because messages may have been missed, and can then begin anew. For one thread.
 */
final class Delivery implements AutoCloseable {
    private final Nats nats;
    private final String from;
    private final LinkStatus.Part status;
    private @Nullable IterableConsumer consumer;

    /** What had happened to the connection when {@link #consumer} was made. */
    private long events;

    /**
     * Delivers nothing yet.
     *
     * @param from where the messages come from, for the log
     */
    Delivery(Nats nats, String from, LinkStatus status) {
        this.nats = nats;
        this.from = from;
        this.status = status.part();
    }

    /** Makes a consumer. */
    interface Source {
        IterableConsumer open(Connection connection) throws IOException, JetStreamApiException;
    }

    /** Whether it has to begin before the next message. */
    boolean hasEnded() {
        return consumer == null || events != nats.events();
    }

    /** Begins, after what was received before is given up. False if that failed. */
    boolean begin(Source source) {
        close();
        events = nats.events();
        try {
            consumer = source.open(nats.connection());
            status.running();
            return true;
        } catch (IOException | JetStreamApiException | IllegalStateException e) {
            failed(e);
            return false;
        }
    }

    /** The next message; empty if none came in time, or the delivery has ended. */
    Optional<Message> next(Duration most) throws InterruptedException {
        var current = consumer;
        if (current == null || hasEnded()) {
            return Optional.empty();
        }
        try {
            @Nullable Message message = current.nextMessage(most);
            return hasEnded() ? Optional.empty() : Optional.ofNullable(message);
        } catch (JetStreamStatusCheckedException | IllegalStateException e) {
            failed(e);
            close();
            return Optional.empty();
        }
    }

    private void failed(Exception e) {
        status.troubled("receiving from " + from + ": " + Failure.text(e));
    }

    @Override
    public void close() {
        var current = consumer;
        consumer = null;
        if (current != null) {
            try {
                current.close();
            } catch (Exception e) {
                status.troubled("the end of a consumer: " + Failure.text(e));
            }
        }
    }
}
