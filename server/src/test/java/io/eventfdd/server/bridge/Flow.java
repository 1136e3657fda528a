package io.eventfdd.server.bridge;

import static io.eventfdd.server.testing.BridgeProcess.until;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.NatsServer;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;

import java.io.IOException;
import java.util.regex.Pattern;

/**
 * The signals of one export, from the eventfd to the stream: what was written, and what the stream
 * has. For one thread.
 */
final class Flow {
    private static final Pattern VALUE = Pattern.compile("\"value\":(\\d+)");

    private final NatsServer nats;
    private final Host host;
    private final String eventfd;
    private final String subject;

    /** Larger than what any other read takes, so that it is known when it has arrived. */
    private final long last;

    private long written;

    /** What was under way to the stream whenever the daemon was killed. */
    private long mayBeMissing;

    private long published;

    /** What the messages of the read have that is not complete in the stream. */
    private long begun;

    /** What the last read has taken that is. */
    private long newest;

    private long sequence;
    private int messages;

    /**
     * Counts from the beginning of {@code subject}, which {@code host} exports to.
     *
     * @param last more signals than will ever wait
     */
    Flow(NatsServer nats, Host host, String eventfd, String subject, long last) {
        this.nats = nats;
        this.host = host;
        this.eventfd = eventfd;
        this.subject = subject;
        this.last = last;
    }

    /** Writes signals to the eventfd. */
    void write(long value) {
        host.write(eventfd, value);
        written += value;
    }

    /** What the stream has. */
    long published() {
        nats.streams(this::readOn);
        return published;
    }

    /** In how many messages. */
    int messages() {
        return messages;
    }

    private boolean readOn(JetStreamManagement streams) throws IOException, JetStreamApiException {
        try {
            while (true) {
                var message = streams.getNextMessage("EVENTFDD", sequence + 1, subject);
                var body = NatsServer.text(message);
                var value = VALUE.matcher(body);
                assertThat(value.find()).as(body).isTrue();
                begun += Long.parseLong(value.group(1));
                published += Long.parseLong(value.group(1));
                if (message.getHeaders().getFirst("Eventfdd-Left") == null) {
                    newest = begun;
                    begun = 0;
                }
                sequence = message.getSeq();
                messages++;
            }
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() != NatsServer.NO_MESSAGE) {
                throw e;
            }
            return true;
        }
    }

    /** Notes that the daemon was killed: what it had taken or was about to give may be missing. */
    void daemonWasKilled() {
        mayBeMissing += written - published() - host.heldCount(eventfd);
    }

    /** Writes once more, and waits until that and all that was written before is in the stream. */
    void settle() {
        until(() -> host.heldCount(eventfd) == 0);
        newest = 0;
        write(last);
        until(() -> nats.streams(this::readOn) && newest == last);
    }

    /** After {@link #settle}: all is there, but for reads that were reported as in doubt. */
    void check() {
        long missing = written - published;
        long most = host.hasDoubtfulReads(eventfd) ? mayBeMissing : 0;
        assertThat(missing).as("missing in %s", this).isBetween(0L, most);
    }

    @Override
    public String toString() {
        return "%s: written %d, published %d, may be missing %d"
                .formatted(subject, written, published, mayBeMissing);
    }
}
