package io.eventfdd.bridge.link;

import static java.util.Objects.requireNonNull;

import io.eventfdd.bridge.config.Link;
import io.eventfdd.bridge.config.Links;
import io.eventfdd.bridge.config.Names;
import io.eventfdd.bridge.daemon.LinkedEventfd;
import io.eventfdd.bridge.nats.Claims;
import io.eventfdd.bridge.nats.Feed;
import io.eventfdd.bridge.nats.Ledger;
import io.eventfdd.bridge.nats.Nats;
import io.eventfdd.bridge.nats.SecondWriterException;
import io.eventfdd.bridge.nats.SharedFeed;
import io.eventfdd.bridge.status.Absences;
import io.eventfdd.bridge.status.LinkStatus;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Owns the threads of all links: one for each, one more for each link that claims, and one for each
 * stream.
 */
public final class LinkThreads implements AutoCloseable {
    /** How long a thread may take to end. A call to the daemon or to NATS ends by the interrupt. */
    private static final Duration END = Duration.ofSeconds(4);

    private final Links links;
    private final Path socket;
    private final Nats nats;
    private final List<Thread> threads = new ArrayList<>();

    private final Map<String, Presence> presences = new LinkedHashMap<>();
    private volatile boolean stops;

    /**
     * Starts nothing yet.
     *
     * @param socket {@code api.sock} of the daemon
     */
    public LinkThreads(Links links, Path socket, Nats nats) {
        this.links = links;
        this.socket = socket;
        this.nats = nats;
    }

    /**
     * Starts the threads of one link, after {@link #lookAt} its stream.
     *
     * @param created when each stream was created, by its name
     */
    public void start(Link link, Map<String, Long> created, LinkStatus status) {
        requireNonNull(presences.get(link.stream())).add(status);
        var eventfd = new LinkedEventfd(link, socket, links.longestAbsence(), status);
        switch (link) {
            case Link.Export export -> {
                var subject = Names.exportSubject(export.subject(), links.host());
                var begins =
                        Names.beginningSubject(
                                export.stream(), export.name().value(), links.host());
                start(
                        new Exporter(
                                export,
                                links.host(),
                                created.getOrDefault(export.stream(), 0L),
                                eventfd,
                                new Ledger(nats, export.stream(), subject, status),
                                new Ledger(nats, Names.marksOf(export.stream()), begins, status),
                                status),
                        status);
            }
            case Link.Import one -> startImport(one, created, eventfd, status);
        }
    }

    /** Looks when this host was there last, before the links of the stream are started. */
    public void lookAt(String stream, Absences absences) throws InterruptedException {
        var subject = Names.presenceSubject(stream, links.host());
        var ledger = new Ledger(nats, Names.marksOf(stream), subject, present(stream));
        var presence = new Presence(stream, ledger, absences, InstantSource.system());
        presence.open();
        presences.put(stream, presence);
    }

    private static LinkStatus present(String stream) {
        return new LinkStatus("presence " + stream);
    }

    /** Starts the threads that say that the bridge is there, after those of the links. */
    public void startPresences() {
        presences.forEach((stream, presence) -> start(presence, present(stream)));
    }

    private void startImport(
            Link.Import link, Map<String, Long> created, LinkedEventfd eventfd, LinkStatus status) {
        var progress = new Progress();
        boolean shared = link.mode() == Link.Mode.SHARE;
        var stream = shared ? Names.claimsOf(link.stream()) : link.stream();
        var claims = Names.claimSubject(link.stream(), link.consumer(), links.host());
        var marks = Names.markSubject(link.stream(), link.mode(), link.consumer(), links.host());
        var filter = shared ? claims : Names.allExporters(link.subject());
        start(
                new Importer(
                        stream,
                        created.getOrDefault(stream, 0L),
                        link.consumer(),
                        eventfd,
                        new Feed(nats, stream, filter, status),
                        new Ledger(nats, Names.marksOf(link.stream()), marks, status),
                        progress,
                        status),
                status);
        if (shared) {
            start(
                    new Claimer(
                            link,
                            new SharedFeed(nats, link.stream(), link.consumer(), status),
                            new Claims(nats, claims, status),
                            progress,
                            status),
                    status);
        }
    }

    private void start(LinkTask task, LinkStatus status) {
        threads.add(
                Thread.ofPlatform()
                        .name("eventfdd-" + status.link().replace(' ', '-'))
                        .start(() -> run(task, status, () -> stops)));
    }

    /**
     * Runs {@code task} until it ends.
     *
     * @param stops whether it is to end
     */
    static void run(LinkTask task, LinkStatus status, BooleanSupplier stops) {
        try (task) {
            task.run();
        } catch (InterruptedException e) {
            // The bridge stops. Whatever was under way is settled at the next start.
        } catch (SecondWriterException e) {
            status.failed(String.valueOf(e.getMessage()));
        } catch (RuntimeException | Error e) { // an error if there is no memory or no thread
            if (!stops.getAsBoolean()) { // jnats wraps an interrupt in one of these.
                status.failed("a bug: " + e);
            }
        }
    }

    /** Interrupts all threads, and waits for their ends. */
    @Override
    public void close() {
        stops = true;
        threads.forEach(Thread::interrupt);
        boolean interrupted = false;
        long end = System.nanoTime() + END.toNanos();
        for (var thread : threads) {
            try {
                long left = Math.max(1, (end - System.nanoTime()) / 1_000_000);
                thread.join(left);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
