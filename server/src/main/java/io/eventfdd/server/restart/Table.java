package io.eventfdd.server.restart;

import io.eventfdd.linux.ErrnoException;
import io.eventfdd.linux.EventFd;
import io.eventfdd.linux.Fd;
import io.eventfdd.protocol.EventfdName;
import io.eventfdd.protocol.Json;
import io.eventfdd.server.http.KeptAnswer;
import io.eventfdd.server.loop.Identity;
import io.eventfdd.server.loop.Kept;
import io.eventfdd.server.loop.Ledger;
import io.eventfdd.server.loop.Vacancy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The file that tells the next process which eventfds there are: a line for each that comes, is
 * handed out or goes, behind the calls by a moment. It is written anew, in one step, at the start,
 * at the end, and where most of it is of the past.
 *
 * <p>It is written by a thread of its own, {@code eventfdd-table}, which also has the {@link
 * Keeper} keep descriptors: both may take their time. That the file cannot be written is logged,
 * and no call fails of it.
 */
public final class Table implements Ledger, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(Table.class.getName());

    /** What this needs while it runs: the file, the next one, and the space that is kept for it. */
    public static final int DESCRIPTORS = 3;

    private static final int LINES_TO_SPARE = 10_000;
    private static final long SECONDS_TO_END = 5;

    private final Path file;
    private final Keeper keeper;
    private final Past past;
    private final Set<Long> keptAlready = new HashSet<>();
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("eventfdd-table").factory());

    // The thread's own.
    private final Map<EventfdName, Line.Entered> live = new HashMap<>();
    private FileChannel channel;
    private long lastId;
    private int lines;
    private boolean failing;
    private boolean left;

    private Table(Path file, Keeper keeper, Past past) throws IOException {
        this.file = file;
        this.keeper = keeper;
        this.past = past;
        this.lastId = past.lastId();
        past.entries().values().forEach(entry -> live.put(entry.identity().name(), entry));
        this.channel = write(new Line.Head(false, past.keys()), live.values(), List.of());
        this.lines = live.size();
    }

    /**
     * Reads the file of the process before this one, and goes on with it.
     *
     * @param keeper who keeps descriptors for the next one
     * @throws IOException where it cannot be read or written
     */
    public static Table open(Path file, Keeper keeper) throws IOException {
        return new Table(file, keeper, Past.read(file));
    }

    // The past

    /** Whether there was a table before; if not, holders may know names that it does not. */
    public boolean isKnown() {
        return past.known();
    }

    /** The eventfds whose descriptors {@code inheritance} has. */
    public List<Kept> present(Inheritance inheritance) {
        keptAlready.addAll(inheritance.eventfds().keySet());
        inheritance
                .eventfds()
                .forEach((id, fd) -> {
                    if (!past.entries().containsKey(id) || !EventFd.isOne(fd)) {
                        LOGGER.log(
                                Level.WARNING,
                                "what came as eventfd {0} is none that is known",
                                id);
                        fd.close();
                        keptAlready.remove(id);
                        thread.execute(() -> keeper.forget(id));
                    }
                });
        return past.present(inheritance.eventfds());
    }

    /** Those whose descriptors it does not have. */
    public List<Vacancy> absent(Inheritance inheritance) {
        return past.absent(inheritance.eventfds());
    }

    /** The answers that were kept for idempotency keys. */
    public List<KeptAnswer> answers() {
        return past.answers();
    }

    /**
     * Tells the idempotency keys of this process from those of one that did not know them: the same
     * for all processes that went on with the keys of the one before them.
     */
    public String keys() {
        return past.keys();
    }

    // The present

    @Override
    public void entered(Identity identity, EventFd eventFd) {
        thread.execute(() -> {
            var known = live.get(identity.name());
            var entry =
                    known != null
                            ? known
                            : new Line.Entered(++lastId, identity, false, 0, List.of(), Set.of());
            if (known == null) {
                live.put(identity.name(), entry);
                append(entry);
            }
            if (!keptAlready.remove(entry.id())) {
                keep(entry.id(), eventFd.fd());
            }
        });
    }

    /** Not where it is closed already, as the next line is going to say. */
    private void keep(long id, Fd fd) {
        if (fd.acquire()) {
            try {
                keeper.keep(id, fd);
            } finally {
                fd.release();
            }
        }
    }

    @Override
    public void shared(Identity identity, EventFd eventFd) {
        thread.execute(() -> {
            var entry = live.get(identity.name());
            if (entry != null && eventFd.fd().acquire()) {
                try {
                    var held = entry.heldAs(eventFd.id());
                    if (!held.equals(entry)) {
                        live.put(identity.name(), held);
                        append(new Line.Shared(entry.id(), eventFd.id()));
                    }
                } catch (ErrnoException e) {
                    LOGGER.log(
                            Level.WARNING,
                            "{0} will not be known by its holders: {1}",
                            identity.name(),
                            e.getMessage());
                } finally {
                    eventFd.fd().release();
                }
            }
        });
    }

    @Override
    public void removed(Identity identity) {
        thread.execute(() -> {
            var entry = live.remove(identity.name());
            if (entry != null) {
                append(new Line.Removed(entry.id()));
                keeper.forget(entry.id());
            }
        });
    }

    @Override
    public CompletableFuture<Void> written() {
        try {
            return CompletableFuture.runAsync(() -> {}, thread);
        } catch (RejectedExecutionException e) {
            LOGGER.log(Level.DEBUG, "the table is written at the end");
            return CompletableFuture.completedFuture(null);
        }
    }

    private void append(Line line) {
        if (left) {
            return;
        }
        try {
            // After a failure the line before this one is not there, or not whole.
            if (failing || ++lines > 2 * live.size() + LINES_TO_SPARE) {
                writeAnew();
            } else {
                writeAll(channel, bytes(line));
            }
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                LOGGER.log(
                        Level.WARNING,
                        "cannot write {0}: {1}; a restart may lose names",
                        file,
                        e.getMessage());
            }
            failing = true;
        }
    }

    private void writeAnew() throws IOException {
        var before = channel;
        channel = write(new Line.Head(false, past.keys()), live.values(), List.of());
        before.close();
        lines = live.size();
    }

    /**
     * Writes the file anew if somebody removed it. Before {@link #finish}.
     *
     * @return whether it was missing
     * @throws IOException if it cannot be written
     */
    public boolean restore() throws IOException {
        try {
            return thread.submit(
                            () -> {
                                boolean isMissing = !Files.exists(file, LinkOption.NOFOLLOW_LINKS);
                                if (isMissing) {
                                    writeAnew();
                                }
                                return isMissing;
                            })
                    .get();
        } catch (ExecutionException e) {
            var why = Objects.requireNonNullElse(e.getCause(), e);
            throw new IOException("cannot write " + file + ": " + why.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** The file is another daemon's now: nothing is written to it any more. */
    public void leave() {
        thread.execute(() -> left = true);
    }

    // The end

    /**
     * Writes all that there is, once there are no calls any more. Nothing is told to this later.
     *
     * @return the descriptors by their numbers; they stay those of {@code kept}
     */
    public Map<Long, Fd> finish(
            List<Kept> kept, List<Vacancy> vacancies, List<KeptAnswer> answers) {
        close();
        var all = new ArrayList<Line.Entered>(kept.size() + vacancies.size());
        var fds = new HashMap<Long, Fd>();
        try {
            for (var one : kept) {
                long id = id(one.identity());
                all.add(
                        new Line.Entered(
                                id,
                                one.identity(),
                                one.shared(),
                                one.eventFd().count(),
                                one.returning(),
                                objects(one.identity())));
                fds.put(id, one.eventFd().fd());
            }
            for (var vacancy : vacancies) {
                all.add(
                        new Line.Entered(
                                id(vacancy.identity()),
                                vacancy.identity(),
                                vacancy.mayBeHeld(),
                                vacancy.count(),
                                vacancy.returning(),
                                vacancy.former()));
            }
            if (!left) {
                write(new Line.Head(true, past.keys()), all, answers).close();
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "cannot write {0}: {1}", file, e.getMessage());
        }
        return fds;
    }

    private long id(Identity identity) {
        var entry = live.get(identity.name());
        return entry == null ? ++lastId : entry.id();
    }

    private Set<Long> objects(Identity identity) {
        var entry = live.get(identity.name());
        return entry == null ? Set.of() : entry.objects();
    }

    /** The whole file; the channel that more can be appended to. */
    private FileChannel write(
            Line.Head head, Iterable<Line.Entered> entries, List<KeptAnswer> answers)
            throws IOException {
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(bytes(head));
        entries.forEach(entry -> bytes.writeBytes(bytes(entry)));
        answers.forEach(answer -> bytes.writeBytes(bytes(new Line.Key(answer))));
        var next = file.resolveSibling(file.getFileName() + ".tmp");
        Files.deleteIfExists(next);
        var written =
                FileChannel.open(
                        next,
                        Set.of(
                                StandardOpenOption.CREATE_NEW,
                                StandardOpenOption.WRITE,
                                LinkOption.NOFOLLOW_LINKS),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")));
        try {
            writeAll(written, bytes.toByteArray());
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            return written;
        } catch (IOException e) {
            written.close();
            throw e;
        }
    }

    private static byte[] bytes(Line line) {
        var json = Json.bytes(line.toJson());
        var bytes = Arrays.copyOf(json, json.length + 1);
        bytes[json.length] = '\n';
        return bytes;
    }

    private static void writeAll(FileChannel channel, byte[] bytes) throws IOException {
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** Writes what it was told so far, and ends its thread. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(SECONDS_TO_END, TimeUnit.SECONDS)) {
                LOGGER.log(Level.WARNING, "{0} is not written in time", file);
            }
            channel.close();
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "cannot close {0}: {1}", file, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
