package io.eventfdd.server.handover;

import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.server.eventfds.Former;
import io.eventfdd.server.eventfds.Identity;
import io.eventfdd.server.eventfds.Kept;
import io.eventfdd.server.eventfds.KeptLease;
import io.eventfdd.server.eventfds.Ledger;
import io.eventfdd.server.eventfds.Vacancy;
import io.eventfdd.server.idempotency.KeptAnswer;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * The file that tells the next process which eventfds and leases exist. It gets a line each time
 * that one is created, changes or ends, shortly after the call. The file is rewritten, in one step,
 * at the start, at the end, and when most of its lines are out of date.
 *
 * <p>The thread {@code eventfdd-table} writes it, and also hands descriptors to the {@link Keeper},
 * because both may take a while. The line of a lease is appended by the loop's thread itself if the
 * file is in memory and nothing is to be written before it. No call fails because the file cannot
 * be written: that is logged once, shown by {@link #failure}, and retried until it succeeds.
 */
public final class Table implements Ledger, AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(Table.class.getName());

    /** The descriptors that this needs: the file, and the next one or the space for it. */
    public static final int DESCRIPTORS = 2;

    private static final int LINES_TO_SPARE = 10_000;

    /** The number of bytes by which a line may be longer at the end, when it has its count. */
    private static final int GROWTH = 64;

    private static final int LEAST_SPACE = 4096;
    private static final long SECONDS_TO_END = 5;
    private static final long SECONDS_TO_RETRY = 1;

    private final Path path;
    private final TableFile file;
    private final Keeper keeper;
    private final Past past;
    private final Set<Long> keptAlready = new HashSet<>();
    private final TableThread thread = new TableThread();

    /** The reason why the next process would not find everything, if there is one. */
    private volatile @Nullable String failure;

    private final AtomicLong failures = new AtomicLong();

    // The fields of the thread's tasks.
    private final Map<EventfdName, Row.Entered> live = new HashMap<>();
    private final Map<String, Row.Leased> leased = new LinkedHashMap<>();
    private long lastId;
    private int lines;
    private boolean left;

    /** Whether the file lacks something. */
    private boolean behind;

    private Table(Path path, TableFile file, Keeper keeper, Past past) throws IOException {
        this.path = path;
        this.file = file;
        this.keeper = keeper;
        this.past = past;
        this.lastId = past.lastId();
        past.entries().values().forEach(entry -> live.put(entry.identity().name(), entry));
        leased.putAll(past.leased());
        begin();
    }

    /**
     * Reads the file of the previous process, and goes on with it. If it can be read but not
     * written, that is a {@link #failure}.
     *
     * @param keeper keeps descriptors for the next process
     * @throws IOException if it cannot be read, or if it has content that becomes wrong and cannot
     *     be changed
     */
    public static Table open(Path path, Keeper keeper) throws IOException {
        return open(path, keeper, Inheritance.NOTHING);
    }

    /**
     * Goes on with the file of the previous process, but with the content that {@code inheritance}
     * knows, if it knows any, instead of that of the file.
     */
    public static Table open(Path path, Keeper keeper, Inheritance inheritance) throws IOException {
        var file = TableFile.of(path);
        var known = inheritance.past();
        return new Table(path, file, keeper, known.isPresent() ? known.get() : Past.read(path));
    }

    /** Writes the content, or at least that counts and answers are not exact any more. */
    private void begin() throws IOException {
        try {
            rewrite();
            file.keepSpace(spaceNeeded());
        } catch (IOException e) {
            behind = true;
            if (past.stopped()) {
                file.replaceFirstLine(bytes(new Row.Head(false, "").text()));
            }
            failed(e);
        }
    }

    // The past

    /** Whether there was a table before. If not, holders may know names that it does not have. */
    public boolean isKnown() {
        return past.known();
    }

    /** The eventfds of which {@code inheritance} has descriptors. */
    public List<Kept> present(Inheritance inheritance) {
        keptAlready.addAll(inheritance.eventfds().keySet());
        inheritance
                .eventfds()
                .forEach((id, fd) -> {
                    if (!past.entries().containsKey(id) || !EventFd.isEventfd(fd)) {
                        LOGGER.log(Level.WARNING, "inherited eventfd {0} is not in the table", id);
                        fd.close();
                        keptAlready.remove(id);
                        thread.execute(() -> keeper.forget(id));
                    }
                });
        return past.present(inheritance.eventfds());
    }

    /** The eventfds of which {@code inheritance} has no descriptors. */
    public List<Vacancy> absent(Inheritance inheritance) {
        return past.absent(inheritance.eventfds());
    }

    /** The leases of the previous process. */
    public List<KeptLease> leases() {
        return past.leases();
    }

    /** The answers that were kept for idempotency keys. */
    public List<KeptAnswer> answers() {
        return past.answers();
    }

    /**
     * The origin of the idempotency keys. All processes that went on with the keys of their
     * predecessor have the same origin; a process that does not know the keys has another one.
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
                            : new Row.Entered(++lastId, identity, false, 0, List.of(), Former.NONE);
            if (known == null) {
                live.put(identity.name(), entry);
                append(entry);
            }
            if (!keptAlready.remove(entry.id())) {
                keep(entry.id(), eventFd.fd());
            }
        });
    }

    /**
     * Hands a descriptor to the keeper, unless it is closed already; then the next line of the
     * table says so.
     */
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
                    long object = eventFd.id();
                    if (!entry.isHeldAs(object)) {
                        live.put(identity.name(), entry.heldAs(object));
                        append(new Row.Shared(entry.id(), object));
                    }
                } catch (ErrnoException e) {
                    LOGGER.log(
                            Level.WARNING,
                            "cannot note in the table that {0} was handed out; its holders may not"
                                    + " be able to bring it back: {1}",
                            identity.name(),
                            e.getMessage());
                } finally {
                    eventFd.fd().release();
                }
            }
        });
    }

    @Override
    public void advanced(Identity identity, long object, long advance) {
        thread.execute(() -> {
            var entry = live.get(identity.name());
            if (entry != null && entry.former().advance(object) != advance) {
                live.put(identity.name(), entry.withAdvance(object, advance));
                append(new Row.Advanced(entry.id(), object, advance));
            }
        });
    }

    @Override
    public void removed(Identity identity) {
        thread.execute(() -> {
            var entry = live.remove(identity.name());
            if (entry != null) {
                append(new Row.Removed(entry.id()));
                keeper.forget(entry.id());
            }
        });
    }

    @Override
    public void leased(KeptLease lease) {
        report(() -> {
            var ids = new ArrayList<Long>();
            for (var share : Row.Leased.shares(lease.state())) {
                var entry = lease.gone().contains(share.name()) ? null : live.get(share.name());
                ids.add(entry == null ? 0L : entry.id());
            }
            return Optional.of(entered(new Row.Leased(lease, ids, Boot.id())));
        });
    }

    @Override
    public void moved(KeptLease lease) {
        report(() ->
                Optional.ofNullable(leased.get(lease.state().id()))
                        .map(before -> entered(before.movedTo(lease, Boot.id()))));
    }

    private Row entered(Row.Leased line) {
        leased.put(line.lease().state().id(), line);
        return line;
    }

    @Override
    public void leaseEnded(String id) {
        report(() -> Optional.ofNullable(leased.remove(id)).map(ended -> new Row.LeaseEnded(id)));
    }

    /**
     * Makes a change of the leases and appends its line, if there is one: here if that is certain
     * to be short, or else on the thread. After the end, this process must not write to the file.
     */
    private void report(Supplier<Optional<Row>> change) {
        try {
            if (!thread.runNow(this::isShort, () -> change.get().ifPresent(this::appendNow))) {
                thread.execute(() -> change.get().ifPresent(this::append));
            }
        } catch (RejectedExecutionException e) {
            LOGGER.log(Level.DEBUG, "the table is finished");
        }
    }

    @Override
    public CompletableFuture<Void> written() {
        if (thread.isIdle()) {
            return CompletableFuture.completedFuture(null);
        }
        try {
            return CompletableFuture.runAsync(() -> {}, thread);
        } catch (RejectedExecutionException e) {
            LOGGER.log(Level.DEBUG, "the table is written at the end");
            return CompletableFuture.completedFuture(null);
        }
    }

    // In the thread's tasks

    private void append(Row line) {
        if (behind || left) {
            return; // until everything can be written
        }
        if (++lines > mostLines()) {
            writeAnew();
        } else {
            try {
                file.append(bytes(line));
            } catch (IOException e) {
                writeAnew(e);
            }
        }
        if (failure == null) {
            keepSpace();
        }
    }

    private int mostLines() {
        return 2 * (live.size() + leased.size()) + LINES_TO_SPARE;
    }

    private void writeAnew() {
        if (behind || left) {
            return;
        }
        try {
            rewrite();
        } catch (IOException e) {
            behind = true;
            failed(e);
        }
    }

    /**
     * Writes everything because a line could not be appended: there is space for that, and an
     * incomplete line disappears.
     */
    private void writeAnew(IOException why) {
        LOGGER.log(Level.DEBUG, "{0} is written anew: {1}", path, why.getMessage());
        writeAnew();
    }

    /** Whether a line is nothing but an append that waits for no disk. */
    private boolean isShort() {
        return file.isInMemory()
                && !behind
                && failure == null
                && lines < mostLines()
                && spaceNeeded() <= file.spare();
    }

    /** Appends a line on the thread that reports it, and leaves all else to the table's own. */
    private void appendNow(Row line) {
        if (left) {
            return;
        }
        lines++;
        try {
            file.append(bytes(line));
        } catch (IOException e) {
            thread.execute(() -> writeAnew(e));
            return;
        }
        if (spaceNeeded() > file.spare()) {
            thread.execute(this::keepSpace);
        }
    }

    private void writeWhole() throws IOException {
        rewrite();
        behind = false;
        file.keepSpace(spaceNeeded());
    }

    private void rewrite() throws IOException {
        file.replace(content(new Row.Head(false, past.keys()), live.values(), List.of()));
        lines = live.size() + leased.size();
    }

    private void keepSpace() {
        try {
            file.keepSpace(spaceNeeded());
        } catch (IOException e) {
            failed(e);
        }
    }

    private long spaceNeeded() {
        return file.length() + (long) GROWTH * live.size() + LEAST_SPACE;
    }

    private void failed(IOException why) {
        boolean first = failure == null;
        var reason = TableFile.reason(why);
        failure = "cannot write " + path + ": " + reason;
        failures.incrementAndGet();
        if (first) {
            LOGGER.log(
                    Level.ERROR,
                    "cannot write {0}: {1}; a restart may lose names and counts; retrying",
                    path,
                    reason);
            retryLater();
        }
    }

    private void retryLater() {
        CompletableFuture.delayedExecutor(SECONDS_TO_RETRY, TimeUnit.SECONDS, thread)
                .execute(this::retry);
    }

    private void retry() {
        if (left) {
            return;
        }
        try {
            if (behind) {
                rewrite();
                behind = false;
            }
            file.keepSpace(spaceNeeded());
            failure = null;
            LOGGER.log(Level.INFO, "{0} is written again", path);
        } catch (IOException e) {
            failed(e);
            retryLater();
        }
    }

    // For all threads

    /**
     * Writes everything now, as a trial, and completes with the {@link #failure}. This happens on
     * the writing thread, so actions that depend on it must be short.
     */
    public CompletableFuture<Optional<String>> tryToWrite() {
        try {
            return CompletableFuture.supplyAsync(this::tried, thread);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedFuture(Optional.of("it ends"));
        }
    }

    private Optional<String> tried() {
        try {
            writeWhole();
        } catch (IOException e) {
            failed(e);
        }
        return Optional.ofNullable(failure);
    }

    /** The reason why the next process would not find everything, if there is one. */
    public Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    /** The number of writes that failed. */
    public long failures() {
        return failures.get();
    }

    /**
     * Writes the file again if somebody removed it or the space that is kept for it. It must be
     * called before {@link #finish}.
     *
     * @return whether it was missing
     * @throws IOException if it cannot be written
     */
    public boolean restore() throws IOException {
        try {
            var restored = new FutureTask<>(this::restoreMissing);
            thread.execute(restored);
            return restored.get();
        } catch (ExecutionException e) {
            var why = Objects.requireNonNullElse(e.getCause(), e);
            throw new IOException("cannot write " + path + ": " + why.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private boolean restoreMissing() throws IOException {
        boolean isMissing = !left && file.isMissing();
        if (isMissing) {
            writeWhole();
        }
        return isMissing;
    }

    /** Stops writing, because the file belongs to another daemon now. */
    public void leave() {
        thread.execute(() -> left = true);
    }

    // The end

    /**
     * The things that this process leaves at its end.
     *
     * @param fds the descriptors by their numbers; the eventfds still own them
     * @param past the content that the file should have, for this process if it goes on
     * @param failure the reason why the next process will not find everything, if there is one
     */
    public record Left(Map<Long, Fd> fds, Past past, Optional<String> failure) {}

    /**
     * Writes the final content, after all calls have ended. Nothing may be reported to the table
     * later.
     */
    public Left finish(List<Kept> kept, List<Vacancy> vacancies, List<KeptAnswer> answers) {
        endThread();
        var all = new ArrayList<Row.Entered>(kept.size() + vacancies.size());
        var fds = new HashMap<Long, Fd>();
        try {
            for (var one : kept) {
                long id = id(one.identity());
                all.add(
                        new Row.Entered(
                                id,
                                one.identity(),
                                one.shared(),
                                one.eventFd().count(),
                                one.returning(),
                                former(one.identity())));
                fds.put(id, one.eventFd().fd());
            }
            for (var vacancy : vacancies) {
                all.add(
                        new Row.Entered(
                                id(vacancy.identity()),
                                vacancy.identity(),
                                vacancy.mayBeHeld(),
                                vacancy.count(),
                                vacancy.returning(),
                                vacancy.former()));
            }
            if (!left) {
                save(all, answers);
            }
        } catch (IOException e) {
            lost(e, "the counts of " + kept.size() + " eventfds");
        } finally {
            closeFile();
        }
        var entries = new LinkedHashMap<Long, Row.Entered>();
        all.forEach(entry -> entries.put(entry.id(), entry));
        return new Left(
                fds,
                new Past(true, true, past.keys(), entries, Map.copyOf(leased), answers),
                Optional.ofNullable(failure));
    }

    private void save(List<Row.Entered> all, List<KeptAnswer> answers) throws IOException {
        failure = null;
        try {
            file.replace(content(new Row.Head(true, past.keys()), all, answers));
        } catch (IOException e) {
            if (answers.isEmpty()) {
                throw e;
            }
            // No space was kept for the keys. Another origin tells clients that the keys are not
            // known.
            file.replace(content(new Row.Head(true, Past.newKeys()), all, List.of()));
            lost(e, answers.size() + " answers of idempotency keys");
        }
        keepSpaceForNext();
    }

    private void lost(IOException why, String what) {
        var reason = TableFile.reason(why);
        failure = "cannot write " + path + ": " + reason;
        failures.incrementAndGet();
        LOGGER.log(Level.ERROR, "cannot write {0}: {1}; {2} are lost", path, reason, what);
    }

    private void keepSpaceForNext() {
        try {
            file.keepSpace(spaceNeeded());
        } catch (IOException e) {
            LOGGER.log(Level.DEBUG, "cannot keep space for the next process: {0}", e.getMessage());
        }
    }

    private long id(Identity identity) {
        var entry = live.get(identity.name());
        return entry == null ? ++lastId : entry.id();
    }

    private Former former(Identity identity) {
        var entry = live.get(identity.name());
        return entry == null ? Former.NONE : entry.former();
    }

    private byte[] content(Row.Head head, Iterable<Row.Entered> entries, List<KeptAnswer> answers) {
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(bytes(head));
        entries.forEach(entry -> bytes.writeBytes(bytes(entry)));
        leased.values().forEach(lease -> bytes.writeBytes(bytes(lease)));
        answers.forEach(answer -> bytes.writeBytes(bytes(new Row.Key(answer))));
        return bytes.toByteArray();
    }

    private static byte[] bytes(Row line) {
        return bytes(line.text() + '\n');
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Writes all that was reported so far, and ends the thread. */
    @Override
    public void close() {
        endThread();
        closeFile();
    }

    private void endThread() {
        try {
            if (!thread.end(SECONDS_TO_END)) {
                LOGGER.log(Level.WARNING, "{0} was not written in time", path);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeFile() {
        try {
            file.close();
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "cannot close {0}: {1}", path, e.getMessage());
        }
    }
}
