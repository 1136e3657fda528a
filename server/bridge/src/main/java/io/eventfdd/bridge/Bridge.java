package io.eventfdd.bridge;

import io.eventfdd.bridge.config.Link;
import io.eventfdd.bridge.config.Links;
import io.eventfdd.bridge.config.Names;
import io.eventfdd.bridge.daemon.LinkedEventfd;
import io.eventfdd.bridge.link.LinkThreads;
import io.eventfdd.bridge.nats.Nats;
import io.eventfdd.bridge.nats.StreamPlan;
import io.eventfdd.bridge.nats.Streams;
import io.eventfdd.bridge.nats.UnfitException;
import io.eventfdd.bridge.status.Absences;
import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.bridge.status.LinkStatus.Condition;
import io.eventfdd.bridge.status.Pauses;
import io.eventfdd.client.Count;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One run of the bridge: it has the streams, the connection and the threads of all links. One
 * thread starts and closes it; any thread may look.
 */
public final class Bridge implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger(Bridge.class.getName());

    private final Nats nats;
    private final LinkThreads threads;
    private final List<LinkStatus> statuses;
    private final Absences absences;

    private Bridge(Nats nats, LinkThreads threads, List<LinkStatus> statuses, Absences absences) {
        this.nats = nats;
        this.threads = threads;
        this.statuses = List.copyOf(statuses);
        this.absences = absences;
    }

    /**
     * Connects to NATS, for which it waits, and starts all links.
     *
     * @param socket {@code api.sock} of the daemon
     * @throws UnfitException if a stream or a consumer is not as the links need it
     * @throws IOException if a file cannot be read
     */
    public static Bridge start(Links links, Path socket)
            throws IOException, UnfitException, InterruptedException {
        var nats = Nats.connect(links.servers(), "eventfdd bridge on " + links.host());
        var threads = new LinkThreads(links, socket, nats);
        try {
            var created = prepare(links, nats);
            var statuses = new ArrayList<LinkStatus>();
            var absences = new Absences(links.longestAbsence());
            for (var stream : links.streams()) {
                threads.lookAt(stream, absences);
            }
            for (var link : links.links()) {
                var status = new LinkStatus(link.toString());
                statuses.add(status);
                threads.start(link, created, status);
            }
            threads.startPresences();
            return new Bridge(nats, threads, statuses, absences);
        } catch (UnfitException | InterruptedException | RuntimeException | Error e) {
            threads.close();
            nats.close();
            throw e;
        }
    }

    /**
     * Connects to NATS once, and describes what {@link #start} would do: one line for each stream,
     * consumer, eventfd and link. It changes nothing.
     *
     * @param socket {@code api.sock} of the daemon
     * @throws UnfitException if a stream or a consumer is not as the links need it
     * @throws IOException if no server or no daemon answers, or a file cannot be read
     */
    public static List<String> check(Links links, Path socket)
            throws IOException, UnfitException, InterruptedException {
        try (var nats = Nats.connectOnce(links.servers(), "eventfdd bridge --check")) {
            var lines = new ArrayList<String>();
            lines.add("server " + nats.server());
            var streams = new Streams(nats, links.create());
            for (var plan : plans(links)) {
                lines.add("stream " + plan.name() + ": " + streams.describe(plan));
            }
            for (var link : links.imports(Link.Mode.SHARE)) {
                lines.add(
                        "consumer "
                                + link.consumer()
                                + " of stream "
                                + link.stream()
                                + ": "
                                + streams.describeConsumer(
                                        link.stream(),
                                        link.consumer(),
                                        Names.allExporters(link.subject())));
            }
            lines.addAll(describe(links, socket));
            links.links().forEach(link -> lines.add(describe(link, links.host())));
            return lines;
        }
    }

    /** What becomes of the eventfds, and what the daemon is not fit for. */
    private static Set<String> describe(Links links, Path socket) throws IOException {
        var lines = new LinkedHashSet<String>();
        for (var link : links.links()) {
            var status = new LinkStatus(link.toString());
            try (var eventfd = new LinkedEventfd(link, socket, links.longestAbsence(), status)) {
                lines.add("eventfd " + link.name() + ": " + eventfd.describe());
                eventfd.warning().ifPresent(lines::add);
            }
        }
        return lines;
    }

    private static String describe(Link link, String host) {
        return switch (link) {
            case Link.Export export ->
                    "export: takes from eventfd %s, publishes to %s in stream %s (%s)"
                            .formatted(
                                    export.name(),
                                    Names.exportSubject(export.subject(), host),
                                    export.stream(),
                                    export.max() == Count.MAX
                                            ? "as many signals in a message as there are"
                                            : "signals in a message: at most "
                                                    + Count.toString(export.max()));
            case Link.Import one ->
                    "import: receives %s from stream %s as consumer %s (%s), adds to eventfd %s"
                            .formatted(
                                    Names.allExporters(one.subject()),
                                    one.stream(),
                                    one.consumer(),
                                    one.mode() == Link.Mode.SHARE
                                            ? "each signal to one host"
                                            : "each signal to every host",
                                    one.name());
        };
    }

    /** Has all streams and consumers, for which it waits; when each stream was created. */
    private static Map<String, Long> prepare(Links links, Nats nats)
            throws UnfitException, InterruptedException {
        var pauses = new Pauses();
        var said = "";
        while (true) {
            try {
                return have(links, nats);
            } catch (IOException e) {
                var reason = String.valueOf(e.getMessage());
                if (!reason.equals(said)) {
                    LOGGER.log(Level.WARNING, "JetStream does not answer: {0}", reason);
                    said = reason;
                }
            }
            pauses.pause();
        }
    }

    private static Map<String, Long> have(Links links, Nats nats)
            throws IOException, UnfitException, InterruptedException {
        var streams = new Streams(nats, links.create());
        var created = new HashMap<String, Long>();
        for (var plan : plans(links)) {
            created.put(plan.name(), streams.have(plan));
        }
        for (var link : links.imports(Link.Mode.SHARE)) {
            streams.haveConsumer(
                    link.stream(), link.consumer(), Names.allExporters(link.subject()));
        }
        return created;
    }

    /** What the streams of {@code links} have to be like. */
    static List<StreamPlan> plans(Links links) {
        var plans = new ArrayList<StreamPlan>();
        var window = links.duplicateWindow();
        for (var stream : links.streams()) {
            var subjects = new HashSet<String>();
            boolean claims = false;
            for (var link : links.links()) {
                if (link.stream().equals(stream)) {
                    subjects.add(Names.allExporters(link.subject()));
                    claims |= link instanceof Link.Import one && one.mode() == Link.Mode.SHARE;
                }
            }
            plans.add(new StreamPlan(stream, subjects, window, false));
            plans.add(
                    new StreamPlan(
                            Names.marksOf(stream), Set.of(Names.allMarks(stream)), window, true));
            if (claims) {
                plans.add(
                        new StreamPlan(
                                Names.claimsOf(stream),
                                Set.of(Names.allClaims(stream)),
                                window,
                                false));
            }
        }
        return plans;
    }

    /** How each link does, in the order of the file. */
    public List<LinkStatus> links() {
        return statuses;
    }

    /** How often the bridge was away for too long. */
    public long longAbsences() {
        return absences.tooLong();
    }

    /** Whether there is a connection to NATS. */
    public boolean isConnected() {
        return nats.isConnected();
    }

    /** Whether signals can move on all links: there is a connection, and no link has stopped. */
    public boolean isHealthy() {
        return isConnected()
                && statuses.stream().noneMatch(link -> link.condition() == Condition.FAILED);
    }

    /** Stops all links. What was under way is settled at the next start. */
    @Override
    public void close() {
        threads.close();
        nats.close();
    }
}
