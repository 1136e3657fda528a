package io.eventfdd.bridge.nats;

import io.nats.client.JetStreamApiException;
import io.nats.client.api.AckPolicy;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.PriorityPolicy;
import io.nats.client.api.ReplayPolicy;
import io.nats.client.api.StreamInfo;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The streams and consumers that links need: creates them, or says how they differ from what is
 * needed. For one thread.
 */
public final class Streams {
    /**
     * How long a host may take to claim a message before another one gets it too, which does no
     * harm. The messages on the way to a host that is killed wait for so long.
     */
    static final Duration ACK_WAIT = Duration.ofSeconds(10);

    /** JetStream has the reason for this in itself, and it passes. */
    private static final int UNAVAILABLE = 503;

    private static final int NO_STREAM = 10059;
    private static final int OTHER_STREAM = 10058;
    private static final int NO_CONSUMER = 10014;
    private static final long UNLIMITED = -1;

    /** How many requests of all hosts the server keeps, unless it is told otherwise. */
    private static final long REQUESTS = 512;

    /** How often several bridges may overtake each other when they add their subjects. */
    private static final int ATTEMPTS = 20;

    /** Longer than another bridge needs to change what it has looked at. */
    private static final Duration OVERTAKING = Duration.ofMillis(500);

    /** How far apart bridges that started at once try again, so that one of them is first. */
    private static final Duration SPREAD = Duration.ofSeconds(1);

    private final Nats nats;
    private final boolean create;

    /**
     * Creates nothing yet.
     *
     * @param create whether something that is missing may be created
     */
    public Streams(Nats nats, boolean create) {
        this.nats = nats;
        this.create = create;
    }

    /** A question to the server. */
    private interface Question<T> {
        T ask() throws IOException, JetStreamApiException, UnfitException, InterruptedException;
    }

    private static <T> T asked(Question<T> question)
            throws IOException, UnfitException, InterruptedException {
        try {
            return question.ask();
        } catch (IllegalStateException e) {
            throw new IOException(Failure.text(e), e);
        } catch (JetStreamApiException e) {
            if (e.getErrorCode() == UNAVAILABLE) {
                throw new IOException("JetStream: " + Failure.text(e), e);
            }
            throw new UnfitException("JetStream refuses what the links need: " + Failure.text(e));
        }
    }

    /**
     * Has the stream, which is created if it is missing.
     *
     * @return when it was created, in nanoseconds since the epoch; it names one life of a stream
     * @throws UnfitException if it differs from {@code plan}, or is missing and cannot be created
     * @throws IOException if nobody answers
     */
    public long have(StreamPlan plan) throws IOException, UnfitException, InterruptedException {
        return asked(() -> haveStream(plan));
    }

    private long haveStream(StreamPlan plan)
            throws IOException, JetStreamApiException, UnfitException, InterruptedException {
        for (int i = 0; i < ATTEMPTS; i++) {
            var info = info(plan.name());
            if (info.isEmpty()) {
                mayCreate("there is no stream " + plan.name());
                add(plan);
                continue;
            }
            var found = info.get().getConfiguration();
            check("stream " + plan.name(), plan.differences(found));
            var missing = plan.missing(found);
            if (missing.isEmpty()) {
                var created = info.get().getCreateTime().toInstant();
                return TimeUnit.SECONDS.toNanos(created.getEpochSecond()) + created.getNano();
            }
            mayCreate("the stream " + plan.name() + " lacks the subjects " + missing);
            nats.management().updateStream(plan.completed(found));
            // Another bridge that has looked before may do this too, without these subjects. A
            // stream has no update on a condition, so there is nothing to wait for.
            Thread.sleep(
                    OVERTAKING.plusNanos(ThreadLocalRandom.current().nextLong(SPREAD.toNanos())));
        }
        throw new UnfitException("the subjects of the stream " + plan.name() + " keep changing");
    }

    /** Refuses the links because of {@code what} is missing, unless it may be created. */
    private void mayCreate(String what) throws UnfitException {
        if (!create) {
            throw new UnfitException(what + ", and create is no");
        }
    }

    private void add(StreamPlan plan) throws IOException, JetStreamApiException {
        try {
            nats.management().addStream(plan.configuration());
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() != OTHER_STREAM) { // Another bridge was first.
                throw e;
            }
        }
    }

    /** What {@link #have} would do, in a few words. */
    public String describe(StreamPlan plan)
            throws IOException, UnfitException, InterruptedException {
        return asked(() -> description(plan));
    }

    private String description(StreamPlan plan)
            throws IOException, JetStreamApiException, UnfitException {
        var info = info(plan.name());
        if (info.isEmpty()) {
            mayCreate("there is no stream " + plan.name());
            checkFree(plan, plan.subjects());
            return "is missing; would be created";
        }
        check("stream " + plan.name(), plan.differences(info.get().getConfiguration()));
        var missing = plan.missing(info.get().getConfiguration());
        if (missing.isEmpty()) {
            return "is as it has to be";
        }
        mayCreate("the stream " + plan.name() + " lacks the subjects " + missing);
        checkFree(plan, missing);
        return "lacks the subjects " + missing + "; would be changed";
    }

    /** Refuses the links as the server will if another stream has some of {@code subjects}. */
    private void checkFree(StreamPlan plan, Collection<String> subjects)
            throws IOException, JetStreamApiException, UnfitException {
        for (var subject : subjects) {
            for (var other : nats.management().getStreamNames(subject)) {
                if (!other.equals(plan.name())) {
                    throw new UnfitException(
                            "the stream %s needs the subjects %s, which the stream %s has"
                                    .formatted(plan.name(), subject, other));
                }
            }
        }
    }

    /** What {@link #haveConsumer} would do, in a few words. */
    public String describeConsumer(String stream, String name, String filter)
            throws IOException, UnfitException, InterruptedException {
        var found = asked(() -> consumer(stream, name));
        if (found.isEmpty()) {
            mayCreate("the stream " + stream + " has no consumer " + name);
            return "is missing; would be created";
        }
        check("consumer " + name + " of the stream " + stream, differences(found.get(), filter));
        return "is as it has to be";
    }

    private Optional<StreamInfo> info(String stream) throws IOException, JetStreamApiException {
        try {
            return Optional.of(nats.management().getStreamInfo(stream));
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == NO_STREAM) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Has the durable consumer that the hosts of a link share, which is created if it is missing.
     *
     * @throws UnfitException if it differs, or is missing and not to be created
     */
    public void haveConsumer(String stream, String name, String filter)
            throws IOException, UnfitException, InterruptedException {
        var _ =
                asked(() -> {
                    createConsumer(stream, name, filter);
                    return true;
                });
    }

    private void createConsumer(String stream, String name, String filter)
            throws IOException, JetStreamApiException, UnfitException {
        var found = consumer(stream, name);
        if (found.isPresent()) {
            check(
                    "consumer " + name + " of the stream " + stream,
                    differences(found.get(), filter));
            return;
        }
        mayCreate("the stream " + stream + " has no consumer " + name);
        nats.management()
                .createConsumer(
                        stream,
                        ConsumerConfiguration.builder()
                                .durable(name)
                                .filterSubject(filter)
                                .ackPolicy(AckPolicy.Explicit)
                                .deliverPolicy(DeliverPolicy.All)
                                .ackWait(ACK_WAIT)
                                .build());
    }

    private Optional<ConsumerConfiguration> consumer(String stream, String name)
            throws IOException, JetStreamApiException {
        try {
            var info = nats.management().getConsumerInfo(stream, name);
            return Optional.of(info.getConsumerConfiguration());
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == NO_CONSUMER || e.getApiErrorCode() == NO_STREAM) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static List<String> differences(ConsumerConfiguration found, String filter) {
        return Stream.of(
                        differ("filter_subject", found.getFilterSubject(), filter),
                        differ("ack_policy", found.getAckPolicy(), AckPolicy.Explicit),
                        differ("deliver_policy", found.getDeliverPolicy(), DeliverPolicy.All),
                        differ("replay_policy", found.getReplayPolicy(), ReplayPolicy.Instant),
                        differ("priority_policy", found.getPriorityPolicy(), PriorityPolicy.None),
                        differ("deliver_subject", found.getDeliverSubject(), null),
                        differ("max_deliver", found.getMaxDeliver(), UNLIMITED),
                        differ("headers_only", found.isHeadersOnly(), false),
                        differ("mem_storage", found.isMemStorage(), false),
                        differ("inactive_threshold", inactivity(found), Duration.ZERO),
                        // The server refuses what is above these, and jnats does not say so.
                        atLeast("max_waiting", found.getMaxPullWaiting(), REQUESTS),
                        atLeast("max_batch", found.getMaxBatch(), SharedFeed.BATCH),
                        atLeast(
                                "max_expires",
                                milliseconds(found.getMaxExpires()),
                                SharedFeed.EXPIRES.toMillis()))
                .flatMap(Optional::stream)
                .toList();
    }

    /** After how much idleness the server would forget which messages were delivered. */
    private static Duration inactivity(ConsumerConfiguration found) {
        return Objects.requireNonNullElse(found.getInactiveThreshold(), Duration.ZERO);
    }

    private static long milliseconds(@Nullable Duration found) {
        return found == null ? UNLIMITED : found.toMillis();
    }

    /** Whether the limit {@code found} is too low; if it is not positive, there is none. */
    private static Optional<String> atLeast(String what, long found, long needed) {
        return found <= 0 || found >= needed
                ? Optional.empty()
                : Optional.of(
                        "%s is %d, has to be at least %d or unset".formatted(what, found, needed));
    }

    private static Optional<String> differ(
            String what, @Nullable Object found, @Nullable Object needed) {
        return Objects.equals(found, needed)
                ? Optional.empty()
                : Optional.of(
                        "%s is %s, has to be %s"
                                .formatted(what, found, needed == null ? "unset" : needed));
    }

    private static void check(String what, List<String> differences) throws UnfitException {
        if (!differences.isEmpty()) {
            throw new UnfitException("the " + what + " differs: " + String.join("; ", differences));
        }
    }
}
