package io.eventfdd.bridge.nats;

import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.bridge.status.Pauses;
import io.nats.client.ConsumeOptions;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusCheckedException;
import io.nats.client.Message;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * The messages that this host gets from a consumer that several hosts share. Each message goes to
 * one of them, and again to one of them if that one does not acknowledge it in time. For one
 * thread.
 */
public final class SharedFeed implements AutoCloseable {
    /** How many messages may be on the way to one host. The server's least is 10 with jnats. */
    private static final int BATCH = 32;

    /** How long the server keeps a request for messages, and so how soon a lost one is noticed. */
    private static final Duration EXPIRES = Duration.ofSeconds(10);

    private static final ConsumeOptions OPTIONS =
            ConsumeOptions.builder().batchSize(BATCH).expiresIn(EXPIRES.toMillis()).build();

    /** One message, which another host gets too unless this one acknowledges it. */
    public static final class Arrival {
        private final Message message;

        private Arrival(Message message) {
            this.message = message;
        }

        /** What was published. */
        public Entry entry() {
            return Entry.of(message.getHeaders(), message.getData());
        }

        /** Acknowledges it. If that is lost, some host gets it again. */
        public void ack() {
            try {
                message.ack();
            } catch (IllegalStateException e) {
                // There is no connection; it comes again.
            }
        }
    }

    private final Nats nats;
    private final String stream;
    private final String name;
    private final LinkStatus.Part status;
    private final Pauses pauses = new Pauses();
    private @Nullable IterableConsumer consumer;

    /** What had happened to the connection when {@link #consumer} was made. */
    private long events;

    /** Receives nothing yet. */
    public SharedFeed(Nats nats, String stream, String name, LinkStatus status) {
        this.nats = nats;
        this.stream = stream;
        this.name = name;
        this.status = status.part();
    }

    /** The next message; empty if none came in time. */
    public Optional<Arrival> next(Duration most) throws InterruptedException {
        if (events != nats.events()) {
            close(); // The server may have forgotten what it was asked for.
        }
        try {
            var current = consumer;
            if (current == null) {
                events = nats.events();
                current =
                        nats.connection()
                                .getStreamContext(stream)
                                .getConsumerContext(name)
                                .iterate(OPTIONS);
                consumer = current;
                status.running();
            }
            @Nullable Message message = current.nextMessage(most);
            return Optional.ofNullable(message).map(Arrival::new);
        } catch (IOException
                | JetStreamApiException
                | JetStreamStatusCheckedException
                | IllegalStateException e) {
            status.troubled("receiving from consumer " + name + ": " + Failure.text(e));
            close();
            pauses.pause();
            return Optional.empty();
        }
    }

    /** Gives up what was received and not taken. A later {@link #next} starts anew. */
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
