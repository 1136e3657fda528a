package io.eventfdd.server.handover;

import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.server.eventfds.Kept;
import io.eventfdd.server.eventfds.KeptLease;
import io.eventfdd.server.eventfds.Vacancy;
import io.eventfdd.server.idempotency.KeptAnswer;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The content of the table that the previous process left.
 *
 * @param known whether there is a table
 * @param stopped whether that process had ended all its calls, so that counts and answers are exact
 * @param keys the origin of the idempotency keys that are known, which are those of that process if
 *     it had stopped
 * @param entries the eventfds that had names, by their numbers
 * @param leased the leases on them, by their IDs
 * @param answers the answers of idempotency keys
 */
record Past(
        boolean known,
        boolean stopped,
        String keys,
        Map<Long, Row.Entered> entries,
        Map<String, Row.Leased> leased,
        List<KeptAnswer> answers) {
    private static final System.Logger LOGGER = System.getLogger(Past.class.getName());

    /**
     * Reads {@code file}. If its last line is incomplete, the process died while it wrote that
     * line.
     *
     * @throws IOException if it cannot be read, is not a file of this user, or is of a version that
     *     this daemon does not know, whose content would be lost
     */
    static Past read(Path file) throws IOException {
        List<String> lines;
        try {
            lines = text(file).lines().toList();
        } catch (NoSuchFileException e) {
            return new Past(false, false, newKeys(), Map.of(), Map.of(), List.of());
        }
        boolean known = false;
        boolean stopped = false;
        var keys = "";
        var entries = new LinkedHashMap<Long, Row.Entered>();
        var leased = new LinkedHashMap<String, Row.Leased>();
        var answers = new ArrayList<KeptAnswer>();
        for (int i = 0; i < lines.size(); i++) {
            try {
                switch (Row.parse(lines.get(i).getBytes(StandardCharsets.UTF_8))) {
                    case Row.Head head -> {
                        known = true;
                        stopped = head.stopped();
                        keys = head.keys();
                    }
                    case Row.Entered entered -> entries.put(entered.id(), entered);
                    case Row.Shared(var id, var object) ->
                            entries.computeIfPresent(id, (key, entered) -> entered.heldAs(object));
                    case Row.Advanced(var id, var object, var advance) ->
                            entries.computeIfPresent(
                                    id, (key, entered) -> entered.withAdvance(object, advance));
                    case Row.Removed(var id) -> entries.remove(id);
                    case Row.Leased lease -> leased.put(lease.lease().state().id(), lease);
                    case Row.LeaseEnded(var id) -> leased.remove(id);
                    case Row.Key(var answer) -> answers.add(answer);
                }
            } catch (Row.OtherVersion e) {
                throw new IOException(
                        file
                                + " is of version "
                                + e.version()
                                + ", and this daemon knows only "
                                + Row.VERSION
                                + "; start the daemon that wrote it, or remove it to begin without"
                                + " its names",
                        e);
            } catch (ProblemException | IllegalArgumentException e) {
                LOGGER.log(
                        Level.WARNING,
                        "{0}, line {1}: {2}; the rest of the file is ignored",
                        file,
                        i + 1,
                        e.getMessage());
                stopped = false;
                break;
            }
        }
        return stopped
                ? new Past(known, true, keys, entries, leased, answers)
                : new Past(known, false, newKeys(), entries, leased, List.of());
    }

    /** Decodes any bytes: a line with a byte that is not text is not a line of the table. */
    private static String text(Path file) throws IOException {
        int owner = (int) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(file + " is not a file");
        }
        if (owner != OpenFiles.effectiveUser()) {
            // Whoever wrote it would decide who owns each eventfd.
            throw new IOException(
                    file
                            + " belongs to user "
                            + Integer.toUnsignedString(owner)
                            + ", not to us; remove it to begin without its names");
        }
        try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** The origin of keys that no process knew before. */
    static String newKeys() {
        return UUID.randomUUID().toString();
    }

    /**
     * The highest number that is known to have been used: a lease may outlive the eventfds that it
     * was taken from.
     */
    long lastId() {
        var ofLeases = leased.values().stream().flatMap(lease -> lease.eventfds().stream());
        return Stream.concat(entries.keySet().stream(), ofLeases)
                .mapToLong(Long::longValue)
                .max()
                .orElse(0);
    }

    /** The eventfds whose descriptors are among {@code fds}. */
    List<Kept> present(Map<Long, Fd> fds) {
        var present = new ArrayList<Kept>();
        entries.forEach((id, entry) -> {
            var fd = fds.get(id);
            if (fd != null && EventFd.isEventfd(fd)) {
                present.add(
                        new Kept(
                                entry.identity(),
                                EventFd.adopt(fd),
                                entry.shared(),
                                returning(entry),
                                entry.former()));
            }
        });
        return present;
    }

    /** The eventfds whose descriptors are not among {@code fds}. */
    List<Vacancy> absent(Map<Long, Fd> fds) {
        var absent = new ArrayList<Vacancy>();
        entries.forEach((id, entry) -> {
            var fd = fds.get(id);
            if (fd == null || !EventFd.isEventfd(fd)) {
                absent.add(
                        new Vacancy(
                                entry.identity(),
                                entry.shared(),
                                stopped ? entry.count() : initial(entry),
                                returning(entry),
                                entry.former()));
            }
        });
        return absent;
    }

    /**
     * The count with which an eventfd begins anew: its initial count less the permits that leases
     * have taken, because those will come back.
     */
    private long initial(Row.Entered entry) {
        long taken = leased.values().stream().mapToLong(lease -> lease.taken(entry.id())).sum();
        return Math.max(0, entry.identity().spec().initial() - taken);
    }

    /** The leases. */
    List<KeptLease> leases() {
        var boot = Boot.id();
        return leased.values().stream().map(one -> kept(one, one.boot().equals(boot))).toList();
    }

    /** After another start of the system, no process is the same, and the clock has begun anew. */
    private KeptLease kept(Row.Leased one, boolean isSameBoot) {
        var lease = one.lease();
        long process = isSameBoot ? lease.process() : KeptLease.NO_PROCESS;
        long until = lease.until();
        if (!isSameBoot && lease.state().expires().isPresent()) {
            var left = Duration.between(Instant.now(), lease.state().expires().get());
            until = System.nanoTime() + Math.max(0, left.toNanos());
        }
        return new KeptLease(
                lease.state(), process, lease.term(), until, one.notIn(entries.keySet()));
    }

    private List<Long> returning(Row.Entered entry) {
        return stopped ? entry.returning() : List.of();
    }
}
