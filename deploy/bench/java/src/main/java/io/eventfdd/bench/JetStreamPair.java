package io.eventfdd.bench;

import io.nats.client.Connection;
import io.nats.client.IterableConsumer;
import io.nats.client.JetStream;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.PublishOptions;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.OrderedConsumerConfiguration;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;

/**
 * {@code JetStreamPair each|latency PORT WARMUP SECONDS}: a publisher and a consumer of a stream in
 * files, each with a connection of its own. As a bridge does, the publisher names the id of each
 * message and the sequence of the one before it, and waits until it is stored. It prints how many
 * messages a second arrive, or how many nanoseconds one takes.
 */
final class JetStreamPair {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final byte[] BODY = "{\"value\":1}".getBytes(StandardCharsets.UTF_8);

    private final JetStream stream;
    private final IterableConsumer messages;
    private final String subject;
    private long last;

    private JetStreamPair(JetStream stream, IterableConsumer messages, String subject) {
        this.stream = stream;
        this.messages = messages;
        this.subject = subject;
    }

    public static void main(String[] arguments) throws Exception {
        double warmup = Double.parseDouble(arguments[2]);
        double seconds = Double.parseDouble(arguments[3]);
        var name = "BARE" + UUID.randomUUID().toString().replace("-", "");
        var url = "nats://127.0.0.1:" + arguments[1];
        Connection publisher = Nats.connect(url);
        Connection consumer = Nats.connect(url);
        try {
            publisher
                    .jetStreamManagement()
                    .addStream(
                            StreamConfiguration.builder()
                                    .name(name)
                                    .subjects(name)
                                    .storageType(StorageType.File)
                                    .build());
            // it ends with its connection
            var messages =
                    consumer.getStreamContext(name)
                            .createOrderedConsumer(
                                    new OrderedConsumerConfiguration()
                                            .deliverPolicy(DeliverPolicy.All)
                                            .filterSubject(name))
                            .iterate();
            var pair = new JetStreamPair(publisher.jetStream(), messages, name);
            if (arguments[0].equals("latency")) {
                Rounds.print(pair::round, warmup, seconds, 0);
            } else {
                pair.rate(warmup);
                System.out.println(pair.rate(seconds));
            }
            publisher.jetStreamManagement().deleteStream(name);
        } finally {
            publisher.close();
            consumer.close();
        }
    }

    private void publish() throws Exception {
        var options =
                PublishOptions.builder()
                        .messageId(subject + "." + (last + 1))
                        .expectedLastSubjectSequence(last)
                        .build();
        last = stream.publish(subject, BODY, options).getSeqno();
    }

    private void receive() throws Exception {
        Message message = messages.nextMessage(PATIENCE);
        if (message == null) {
            throw new IllegalStateException("the message did not arrive");
        }
    }

    private void round() throws Exception {
        publish();
        receive();
    }

    /** How many messages arrive each second, from the first one until the last one has arrived. */
    private double rate(double seconds) throws Exception {
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        long before = last;
        while (System.nanoTime() < end) {
            publish();
        }
        for (long i = before; i < last; i++) {
            receive();
        }
        return (last - before) / ((System.nanoTime() - start) / 1e9);
    }
}
