package io.eventfdd.bridge.nats;

import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.bridge.status.Pauses;
import io.nats.client.JetStreamApiException;
import io.nats.client.PublishOptions;
import io.nats.client.impl.NatsMessage;

import java.io.IOException;
import java.util.OptionalLong;

/**
 * The subject of what this host has claimed. The stream stores each id once, whichever host
 * publishes it. For one thread.
 */
public final class Claims {
    private final Nats nats;
    private final String subject;
    private final LinkStatus.Part status;

    /** Claims nothing yet. */
    public Claims(Nats nats, String subject, LinkStatus status) {
        this.nats = nats;
        this.subject = subject;
        this.status = status.part();
    }

    /**
     * Claims a message, unless another host, or this one, has claimed it before. Returns when that
     * is settled.
     *
     * @return the sequence of the claim; empty if the message was claimed before
     */
    public OptionalLong claim(Entry entry) throws InterruptedException {
        var pauses = new Pauses();
        while (true) {
            try {
                var options = PublishOptions.builder();
                var id = entry.id();
                if (id != null) {
                    options.messageId(id);
                }
                var message =
                        NatsMessage.builder()
                                .subject(subject)
                                .headers(entry.headers())
                                .data(entry.body());
                var ack = nats.jetStream().publish(message.build(), options.build());
                status.running();
                return ack.isDuplicate() ? OptionalLong.empty() : OptionalLong.of(ack.getSeqno());
            } catch (IOException | JetStreamApiException | IllegalStateException e) {
                status.troubled("claiming at " + subject + ": " + Failure.text(e));
            }
            pauses.pause();
        }
    }
}
