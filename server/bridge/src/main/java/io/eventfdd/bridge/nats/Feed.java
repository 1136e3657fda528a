package io.eventfdd.bridge.nats;

import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.bridge.status.Pauses;
import io.nats.client.JetStreamApiException;
import io.nats.client.Message;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.OrderedConsumerConfiguration;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * The messages of some subjects of a stream, in order and without acks. Whenever something happens
 * to the connection, it starts anew, where its reader says. For the thread of the link.
 */
public final class Feed implements AutoCloseable {
    /**
     * One message.
     *
     * @param sequence in the stream
     * @param waiting how many more messages there were
     */
    public record Arrival(long sequence, long waiting, Entry entry) {}

    private final Nats nats;
    private final String stream;
    private final String filter;
    private final LinkStatus.Part status;
    private final Delivery delivery;

    /** Receives nothing yet. */
    public Feed(Nats nats, String stream, String filter, LinkStatus status) {
        this.nats = nats;
        this.stream = stream;
        this.filter = filter;
        this.status = status.part();
        this.delivery = new Delivery(nats, filter, status);
    }

    /** The sequence of the last of these messages at this moment; 0 if there is none. */
    public long newest() throws InterruptedException {
        var pauses = new Pauses();
        while (true) {
            try {
                long newest = nats.lastMessage(stream, filter).map(MessageInfo::getSeq).orElse(0L);
                status.running();
                return newest;
            } catch (IOException | JetStreamApiException | IllegalStateException e) {
                status.troubled("looking at the stream " + stream + ": " + Failure.text(e));
            }
            pauses.pause();
        }
    }

    /**
     * Whether the next message is one behind {@link #startAt}, and not behind the one that came
     * last.
     */
    public boolean hasToStart() {
        return delivery.hasEnded();
    }

    /** Starts with the first message at or behind {@code sequence}. False if that failed. */
    public boolean startAt(long sequence) {
        var configuration =
                new OrderedConsumerConfiguration()
                        .deliverPolicy(DeliverPolicy.ByStartSequence)
                        .startSequence(sequence)
                        .filterSubject(filter);
        return delivery.begin(connection ->
                connection.getStreamContext(stream).createOrderedConsumer(configuration).iterate());
    }

    /** The next message; empty if none came in time, or the feed has to start anew. */
    public Optional<Arrival> next(Duration most) throws InterruptedException {
        return delivery.next(most).map(Feed::arrival);
    }

    private static Arrival arrival(Message message) {
        var place = message.metaData();
        return new Arrival(
                place.streamSequence(),
                place.pendingCount(),
                Entry.of(message.getHeaders(), message.getData()));
    }

    @Override
    public void close() {
        delivery.close();
    }
}
