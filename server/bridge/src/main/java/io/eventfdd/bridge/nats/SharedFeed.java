package io.eventfdd.bridge.nats;

import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.bridge.status.Pauses;
import io.nats.client.Connection;
import io.nats.client.ConsumeOptions;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;

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
    static final int BATCH = 32;

    /** How long the server keeps a request for messages, and so how soon a lost one is noticed. */
    static final Duration EXPIRES = Duration.ofSeconds(10);

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

    private final String stream;
    private final String name;
    private final Delivery delivery;
    private Pauses pauses = new Pauses();

    /** Receives nothing yet. */
    public SharedFeed(Nats nats, String stream, String name, LinkStatus status) {
        this.stream = stream;
        this.name = name;
        this.delivery = new Delivery(nats, "consumer " + name, status);
    }

    /** The next message; empty if none came in time. */
    public Optional<Arrival> next(Duration most) throws InterruptedException {
        // The server may have forgotten what it was asked for.
        if (delivery.hasEnded() && !delivery.begin(this::open)) {
            pauses.pause();
            return Optional.empty();
        }
        var message = delivery.next(most);
        if (message.isPresent()) {
            pauses = new Pauses();
        } else if (delivery.hasEnded()) {
            pauses.pause();
        }
        return message.map(Arrival::new);
    }

    private IterableConsumer open(Connection connection) throws IOException, JetStreamApiException {
        return connection.getStreamContext(stream).getConsumerContext(name).iterate(OPTIONS);
    }

    /** Gives up what was received and not taken. A later {@link #next} starts anew. */
    @Override
    public void close() {
        delivery.close();
    }
}
