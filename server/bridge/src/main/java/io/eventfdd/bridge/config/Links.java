package io.eventfdd.bridge.config;

import io.eventfdd.client.EventfdName;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What one bridge does: the content of its file. Immutable.
 *
 * @param host the name of this host, which no other host has
 * @param runtimeDirectory of the daemon; null if the file does not name it
 * @param create whether streams and consumers that are missing are created
 * @param duplicateWindow the window of the streams that are created
 * @param longestAbsence how long the bridge may be away without a warning
 * @param settings of the process that have the daemon's names, as they are written
 */
public record Links(
        String host,
        Servers servers,
        @Nullable Path runtimeDirectory,
        boolean create,
        Duration duplicateWindow,
        Duration longestAbsence,
        Map<String, String> settings,
        List<Link> links) {
    /** Copies the lists. */
    public Links {
        settings = Map.copyOf(settings);
        links = List.copyOf(links);
    }

    /** The streams of all links. */
    public List<String> streams() {
        return List.copyOf(new TreeSet<>(links.stream().map(Link::stream).toList()));
    }

    /** The links that import in {@code mode}. */
    public List<Link.Import> imports(Link.Mode mode) {
        return links.stream()
                .filter(Link.Import.class::isInstance)
                .map(Link.Import.class::cast)
                .filter(link -> link.mode() == mode)
                .toList();
    }

    /** Refuses links that cannot be side by side. */
    void check() throws InvalidLinks {
        checkApart();
        checkAgreement();
        checkCycles();
        checkAbsence();
    }

    /** A host that shares must notice it when its claims may come too late. */
    private void checkAbsence() throws InvalidLinks {
        if (longestAbsence.compareTo(duplicateWindow) > 0 && !imports(Link.Mode.SHARE).isEmpty()) {
            throw new InvalidLinks(
                    "longest-absence is longer than duplicate-window, within which a host has to"
                            + " come back to its links of mode share");
        }
    }

    /** Each of these belongs to one link: an exported eventfd, its subject, and a consumer. */
    private void checkApart() throws InvalidLinks {
        var owners = new HashMap<List<String>, Integer>();
        for (int i = 0; i < links.size(); i++) {
            switch (links.get(i)) {
                case Link.Export export -> {
                    claim(owners, i, "export the eventfd", "", export.name().value());
                    claim(owners, i, "export to the subject", export.stream(), export.subject());
                }
                case Link.Import one ->
                        claim(owners, i, "share the consumer", one.stream(), one.consumer());
            }
        }
    }

    private static void claim(
            Map<List<String>, Integer> owners, int link, String what, String stream, String name)
            throws InvalidLinks {
        var owner = owners.putIfAbsent(List.of(what, stream, name), link);
        if (owner != null) {
            throw new InvalidLinks(
                    "links[%d] and links[%d] both %s %s%s"
                            .formatted(
                                    owner,
                                    link,
                                    what,
                                    name,
                                    what.endsWith("consumer")
                                            ? "; give one of them another consumer"
                                            : ""));
        }
    }

    /** A subject is in one stream, and an eventfd is of one kind, whatever link they are of. */
    private void checkAgreement() throws InvalidLinks {
        var streams = new HashMap<String, String>();
        var kinds = new HashMap<EventfdName, Link.Kind>();
        for (int i = 0; i < links.size(); i++) {
            var link = links.get(i);
            var stream = streams.putIfAbsent(link.subject(), link.stream());
            if (stream != null && !stream.equals(link.stream())) {
                throw new InvalidLinks(
                        "links[%d] has the subject %s in the stream %s, another link in %s"
                                .formatted(i, link.subject(), link.stream(), stream));
            }
            if (link.kind() != null) {
                var kind = kinds.putIfAbsent(link.name(), link.kind());
                if (kind != null && kind != link.kind()) {
                    throw new InvalidLinks(
                            "links[%d] creates the eventfd %s as another kind than another link"
                                    .formatted(i, link.name()));
                }
            }
        }
    }

    /** A signal must not come back to the eventfd that it was taken from. */
    private void checkCycles() throws InvalidLinks {
        for (int i = 0; i < links.size(); i++) {
            if (links.get(i) instanceof Link.Export export) {
                var path = new ArrayList<>(List.of(export.name().value()));
                if (leadsBack(export, export, path, new HashSet<>())) {
                    throw new InvalidLinks(
                            "links[" + i + "] feeds itself: " + String.join(" -> ", path));
                }
            }
        }
    }

    /**
     * Whether what {@code export} publishes reaches the eventfd of {@code first}; {@code path} is
     * the way so far, and the whole way if it does. An export that was {@code seen} does not.
     */
    private boolean leadsBack(
            Link.Export first, Link.Export export, List<String> path, Set<Link.Export> seen) {
        path.add(export.subject());
        for (var link : links) {
            if (link instanceof Link.Import one && isFedBy(one, export)) {
                var name = one.name().value();
                path.add(name);
                if (one.name().equals(first.name())) {
                    return true;
                }
                var next = exportOf(name);
                if (next.isPresent()
                        && seen.add(next.get())
                        && leadsBack(first, next.get(), path, seen)) {
                    return true;
                }
                path.removeLast();
            }
        }
        path.removeLast();
        return false;
    }

    private static boolean isFedBy(Link.Import one, Link.Export export) {
        return Objects.equals(one.stream(), export.stream())
                && Objects.equals(one.subject(), export.subject());
    }

    private Optional<Link.Export> exportOf(String name) {
        return links.stream()
                .filter(Link.Export.class::isInstance)
                .map(Link.Export.class::cast)
                .filter(export -> export.name().value().equals(name))
                .findFirst();
    }
}
