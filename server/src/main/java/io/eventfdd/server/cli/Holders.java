package io.eventfdd.server.cli;

import io.eventfdd.client.EventfdState;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfddException;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * How many processes have an eventfd's raw descriptor, asked of /proc, since the daemon cannot
 * know: descriptors are passed on, inherited and closed without it. To tell which is which, each
 * eventfd is opened once.
 */
final class Holders {
    /**
     * The result of a look at all processes.
     *
     * @param processes the number of processes besides this one and the daemon
     * @param all whether all processes could be looked at
     */
    record Seen(int processes, boolean all) {
        @Override
        public String toString() {
            return processes + (all ? "" : "+");
        }
    }

    private record Key(String name, Instant created) {}

    private static final Path PROC = Path.of("/proc");
    private static final Path EVENTFD = Path.of("anon_inode:[eventfd]");

    private final EventfddClient raw;
    private final Set<Long> apart;

    /** The ids of the kernel; empty if this user may not open the eventfd. */
    private final Map<Key, OptionalLong> ids = new HashMap<>();

    private final Map<Long, Integer> processes = new HashMap<>();
    private boolean all;

    /**
     * Creates the look-up, which has not looked yet.
     *
     * @param raw opens them
     * @param daemon its process, which does not count; 0 if it is not known
     */
    Holders(EventfddClient raw, long daemon) {
        this.raw = raw;
        this.apart = Set.of(ProcessHandle.current().pid(), daemon);
    }

    /** Looks at all processes, for the calls of {@link #of} that follow. */
    void look() throws IOException {
        processes.clear();
        all = true;
        try (var directories = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (var process : directories) {
                if (!apart.contains(Long.parseLong(process.getFileName().toString()))) {
                    look(process);
                }
            }
        }
    }

    /**
     * All threads of a process share its descriptors, so the first thread that has any will do. The
     * first of all is the main thread. If it alone has ended, it has none, or /proc gives those to
     * root.
     */
    private void look(Path process) {
        var seen = new HashSet<Long>();
        boolean found = false;
        int denied = 0;
        try (var threads = Files.newDirectoryStream(process.resolve("task"))) {
            for (var thread : threads) {
                try {
                    found = look(thread, seen);
                } catch (AccessDeniedException e) {
                    denied++;
                }
                if (found || denied > 1) {
                    break;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // It has ended.
        }
        all &= found || denied == 0;
        seen.forEach(id -> processes.merge(id, 1, Integer::sum));
    }

    /** Adds the ids of the thread's eventfds, and returns whether it has any descriptors. */
    private static boolean look(Path thread, Set<Long> seen) throws AccessDeniedException {
        boolean found = false;
        try (var descriptors = Files.newDirectoryStream(thread.resolve("fd"))) {
            for (var descriptor : descriptors) {
                found = true;
                id(thread, descriptor).ifPresent(seen::add);
            }
        } catch (AccessDeniedException e) {
            throw e;
        } catch (IOException | DirectoryIteratorException e) {
            // It has ended.
        }
        return found;
    }

    private static OptionalLong id(Path thread, Path descriptor) {
        try {
            if (!Files.readSymbolicLink(descriptor).equals(EVENTFD)) {
                return OptionalLong.empty();
            }
            var info = thread.resolve("fdinfo").resolve(descriptor.getFileName());
            return OptionalLong.of(EventFd.parseId(Files.readString(info)));
        } catch (IOException e) {
            // It was closed.
            return OptionalLong.empty();
        }
    }

    /** The result of the last look, or null if this user may not know it. */
    @Nullable Seen of(EventfdState state) {
        var id = ids.computeIfAbsent(new Key(state.name(), state.created()), this::id);
        return id.isEmpty() ? null : new Seen(processes.getOrDefault(id.getAsLong(), 0), all);
    }

    private OptionalLong id(Key key) {
        try (var opened = raw.open(key.name())) {
            return OptionalLong.of(EventFd.adopt(Fd.borrow(opened.fd().orElseThrow())).id());
        } catch (EventfddException | ErrnoException e) {
            return OptionalLong.empty();
        }
    }

    /** Forgets all eventfds but those of {@code states}. */
    void keepOnly(List<EventfdState> states) {
        var there = new HashSet<Key>();
        states.forEach(state -> there.add(new Key(state.name(), state.created())));
        ids.keySet().retainAll(there);
    }
}
