package io.eventfdd.server.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfdSpec;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.OpenFiles;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.LeaseState;
import io.eventfdd.server.eventfds.Former;
import io.eventfdd.server.eventfds.Identity;
import io.eventfdd.server.eventfds.Kept;
import io.eventfdd.server.eventfds.KeptLease;
import io.eventfdd.server.eventfds.Owner;
import io.eventfdd.server.eventfds.Vacancy;
import io.eventfdd.server.idempotency.KeptAnswer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The real file, as the process leaves it that wrote it and as the next one finds it. */
class TableTest {
    private static final Identity A = identity("a");
    private static final Identity B = identity("b");

    @TempDir private Path directory;

    private final List<LogRecord> logged = new ArrayList<>();
    private final Handler log =
            new Handler() {
                @Override
                public synchronized void publish(LogRecord record) {
                    logged.add(record);
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };
    private final Logger logger = Logger.getLogger(Table.class.getPackageName());
    private Path file;
    private EventFd eventFd;

    private static Identity identity(String name) {
        return new Identity(
                new EventfdName(name), EventfdSpec.counter(), new Owner(-1, -2), Instant.EPOCH);
    }

    @BeforeEach
    void start() throws IOException {
        file = directory.resolve("table");
        eventFd = EventFd.create(7, false, true);
        logger.addHandler(log);
    }

    @AfterEach
    void end() {
        logger.removeHandler(log);
        eventFd.close();
    }

    private Table open() throws IOException {
        return Table.open(file, Keeper.NOBODY);
    }

    /** Those that the next process learns of. */
    private List<Identity> known() throws IOException {
        return Past.read(file).entries().values().stream().map(Row.Entered::identity).toList();
    }

    // What is there

    @Test
    void thereIsNoneAtFirst() throws IOException {
        try (var table = open()) {
            assertThat(table.isKnown()).isFalse();
            assertThat(table.absent(Inheritance.NOTHING)).isEmpty();
            assertThat(table.answers()).isEmpty();
        }
        try (var table = open()) {
            assertThat(table.isKnown()).isTrue();
        }
        assertThat(Files.getPosixFilePermissions(file))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(directory).isDirectoryNotContaining("glob:**.tmp");
    }

    @Test
    void whatCameIsKnownAndWhatWentIsNot() throws IOException {
        try (var table = open()) {
            table.entered(A, eventFd);
            table.entered(B, eventFd);
            table.shared(B, eventFd);
            table.removed(A);
        }
        try (var table = open()) {
            assertThat(table.absent(Inheritance.NOTHING))
                    .containsExactly(
                            new Vacancy(B, true, 0, List.of(), Former.NONE.and(eventFd.id())));
        }
    }

    @Test
    void whatItBeganAnewWithIsKnownUntilItIsSettled() throws IOException {
        long object = eventFd.id();
        try (var table = open()) {
            table.entered(A, eventFd);
            table.shared(A, eventFd);
            table.advanced(A, object, -2);
            table.entered(B, eventFd);
            table.shared(B, eventFd);
            table.advanced(B, object, 7);
            table.advanced(B, object, 0);
        }
        try (var table = open()) {
            var one = Former.NONE.and(object);
            assertThat(table.absent(Inheritance.NOTHING))
                    .containsExactly(
                            new Vacancy(A, true, 0, List.of(), one.withAdvance(object, -2)),
                            new Vacancy(B, true, 0, List.of(), one));
        }
    }

    @Test
    void whatHasTheNameAgainIsTheLastThatHadIt() throws IOException {
        var other = EventFd.create(0, false, true);
        try (var table = open()) {
            table.entered(A, eventFd);
            table.shared(A, eventFd);
            table.shared(A, other);
            table.shared(A, eventFd);
        }
        try (var table = open()) {
            assertThat(table.absent(Inheritance.NOTHING).getFirst().former().last())
                    .hasValue(eventFd.id());
        } finally {
            other.close();
        }
    }

    @Test
    void aNameThatIsMadeAnewDoesNotKnowTheHoldersOfTheOldOne() throws IOException {
        try (var table = open()) {
            table.entered(A, eventFd);
            table.shared(A, eventFd);
            table.removed(A);
            table.entered(A, eventFd);
        }
        try (var table = open()) {
            assertThat(table.absent(Inheritance.NOTHING))
                    .containsExactly(new Vacancy(A, false, 0, List.of(), Former.NONE));
        }
    }

    @Test
    void atItsEndItIsExact() throws IOException {
        var answer = new KeptAnswer(1, "k", "AA==", 204, "", List.of(), Duration.ofSeconds(7));
        var waiting =
                new Vacancy(B, true, -2, List.of(1L, -2L), new Former(Map.of(3L, 0L, 4L, -2L)));
        Map<Long, Fd> fds;
        String keys;
        try (var table = open()) {
            keys = table.keys();
            table.entered(A, eventFd);
            fds =
                    table.finish(
                                    List.of(new Kept(A, eventFd, true, List.of(-2L), Former.NONE)),
                                    List.of(waiting),
                                    List.of(answer))
                            .fds();
        }
        assertThat(fds.values()).containsExactly(eventFd.fd());
        try (var next = open()) {
            assertThat(next.absent(Inheritance.NOTHING))
                    .containsExactly(new Vacancy(A, true, 7, List.of(-2L), Former.NONE), waiting);
            assertThat(next.answers()).containsExactly(answer);
            assertThat(next.keys()).isEqualTo(keys);
        }
        // That one was killed: of counts and keys there is nothing to be known.
        try (var table = open()) {
            assertThat(table.absent(Inheritance.NOTHING))
                    .extracting(Vacancy::count, Vacancy::returning)
                    .containsOnly(org.assertj.core.groups.Tuple.tuple(0L, List.of()));
            assertThat(table.answers()).isEmpty();
            assertThat(table.keys()).isNotEqualTo(keys);
        }
    }

    @Test
    void whatCameWithItsDescriptorIsPresentAndWhatIsNoEventfdIsNot() throws IOException {
        Map<Long, Fd> fds;
        try (var table = open()) {
            table.entered(A, eventFd);
            table.entered(B, eventFd);
            fds =
                    table.finish(
                                    List.of(
                                            new Kept(A, eventFd, false, List.of(), Former.NONE),
                                            new Kept(B, eventFd, false, List.of(), Former.NONE)),
                                    List.of(),
                                    List.of())
                            .fds();
        }
        long a = fds.keySet().stream().min(Long::compare).orElseThrow();
        long b = fds.keySet().stream().max(Long::compare).orElseThrow();
        var pipe = java.nio.channels.Pipe.open();
        var forgotten = new ArrayList<Long>();
        var kept = new ArrayList<Long>();
        try (var source = pipe.source();
                var sink = pipe.sink();
                var table =
                        Table.open(
                                file,
                                new Keeper() {
                                    @Override
                                    public void keep(long id, Fd fd) {
                                        kept.add(id);
                                    }

                                    @Override
                                    public void forget(long id) {
                                        forgotten.add(id);
                                    }
                                })) {
            var strange = Fd.borrow(((sun.nio.ch.SelChImpl) source).getFDVal()).duplicate();
            var unknown = eventFd.fd().duplicate();
            var inheritance =
                    new Inheritance(
                            Optional.empty(),
                            Optional.empty(),
                            true,
                            Map.of(a, eventFd.fd(), b, strange, 99L, unknown),
                            Optional.empty());
            assertThat(table.present(inheritance)).extracting(Kept::identity).containsExactly(A);
            assertThat(table.absent(inheritance)).extracting(Vacancy::identity).containsExactly(B);
            assertThat(strange.isClosed()).isTrue();
            assertThat(unknown.isClosed()).isTrue();
            table.entered(A, eventFd);
            table.entered(B, eventFd);
            assertThat(sink.isOpen()).isTrue();
        }
        assertThat(forgotten).containsExactlyInAnyOrder(b, 99L);
        assertThat(kept).as("the keeper has a's").containsExactly(b);
    }

    // What is broken

    @Test
    void aLastLineThatIsTornIsPassedBy() throws IOException {
        try (var table = open()) {
            table.entered(A, eventFd);
            table.entered(B, eventFd);
        }
        var text = Files.readString(file);
        for (int end = text.length() - 2; end > text.length() - 60; end--) {
            Files.writeString(file, text.substring(0, end));
            assertThat(known()).containsExactly(A);
        }
    }

    @Test
    void garbageEndsIt() throws IOException {
        try (var table = open()) {
            table.entered(A, eventFd);
        }
        Files.write(file, new byte[] {(byte) 0xff, 0, '\n'}, StandardOpenOption.APPEND);
        Files.writeString(file, "{\"removed\":1}\n", StandardOpenOption.APPEND);
        assertThat(known()).containsExactly(A);
        assertThat(logged)
                .extracting(LogRecord::getMessage)
                .anyMatch(message -> message.contains("the rest of the file is ignored"));
        try (var table = open()) {
            assertThat(table.isKnown()).isTrue();
        }
        assertThat(known()).containsExactly(A);
    }

    @Test
    void garbageInAnExactOneMakesItInexact() throws IOException {
        try (var table = open()) {
            table.entered(A, eventFd);
            table.finish(
                    List.of(new Kept(A, eventFd, false, List.of(), Former.NONE)),
                    List.of(),
                    List.of());
        }
        Files.writeString(file, "x", StandardOpenOption.APPEND);
        var past = Past.read(file);
        assertThat(past.stopped()).isFalse();
        assertThat(past.absent(Map.of())).extracting(Vacancy::count).containsExactly(0L);
    }

    @Test
    void anEmptyOneIsNone() throws IOException {
        Files.createFile(file);
        try (var table = open()) {
            assertThat(table.isKnown()).isFalse();
        }
    }

    @Test
    void afterAnotherStartOfTheSystemNoProcessHoldsALease() throws IOException {
        var state =
                new LeaseState(
                        "l",
                        List.of(new LeaseShare(A.name(), 1)),
                        List.of(),
                        new LeaseState.Holder(LeaseState.Kind.PROCESS, 1, 0),
                        Instant.EPOCH,
                        Optional.empty());
        var lease = new KeptLease(state, 0, Duration.ZERO, 0, Set.of());
        var before = new Row.Leased(lease, List.of(1L), "another start");
        Files.writeString(file, new Row.Head(false, "").text() + "\n" + before.text() + "\n");
        assertThat(Past.read(file).leases())
                .extracting(KeptLease::process)
                .containsExactly(KeptLease.NO_PROCESS);
    }

    @Test
    void oneOfAnotherVersionIsLeftToTheDaemonThatWroteIt() throws IOException {
        var written = "{\"eventfdd\":2,\"names\":[\"a\"]}\n";
        Files.writeString(file, written);
        assertThatIOException()
                .isThrownBy(this::open)
                .withMessageStartingWith(file + " is of version 2,");
        assertThat(file).hasContent(written);
    }

    @Test
    void oneOfAnotherUserIsNotBelieved() throws IOException {
        assumeTrue(OpenFiles.effectiveUser() == 0, "only root can give a file away");
        Files.writeString(file, "{\"eventfdd\":1,\"stopped\":false,\"keys\":\"\"}\n");
        Files.setAttribute(file, "unix:uid", 4_000_000);
        assertThatIOException()
                .isThrownBy(this::open)
                .withMessageStartingWith(file + " belongs to user 4000000, not to us");
        Files.delete(file);
        open().close();
    }

    @Test
    void aSymbolicLinkIsNotFollowed() throws IOException {
        var target = directory.resolve("elsewhere");
        Files.writeString(target, "precious");
        Files.createSymbolicLink(file, target);
        assertThatIOException().isThrownBy(this::open).withMessage(file + " is not a file");
        Files.delete(file);
        Files.createSymbolicLink(directory.resolve("table.next"), target);
        open().close();
        assertThat(Files.readString(target)).isEqualTo("precious");
        assertThat(Files.isRegularFile(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    // What cannot be written

    @Test
    void noCallFailsWhereItCannotBeWrittenAndOneLineSaysSo() throws IOException {
        var directory = this.directory.resolve("d");
        Files.createDirectory(directory);
        file = directory.resolve("table");
        var gone = this.directory.resolve("gone");
        int many = 10_010;
        try (var table = open()) {
            table.entered(A, eventFd);
            Files.move(directory, gone);
            // So many that it has to be written anew, where there is no directory.
            for (int i = 0; i < many; i++) {
                table.entered(B, eventFd);
                table.removed(B);
            }
        }
        assertThat(logged)
                .extracting(LogRecord::getMessage)
                .filteredOn(message -> message.contains("a restart may lose names and counts"))
                .hasSize(1);
        assertThat(Files.readString(gone.resolve("table"))).contains("\"a\"");
    }

    @Test
    void itComesBackWhereItWasDeleted() throws IOException {
        try (var table = open()) {
            table.entered(A, eventFd);
            Files.delete(file);
            table.finish(
                    List.of(new Kept(A, eventFd, false, List.of(), Former.NONE)),
                    List.of(),
                    List.of());
        }
        assertThat(known()).containsExactly(A);
    }

    @Test
    void itComesBackWhereAnotherFileWasPut() throws IOException {
        try (var table = open()) {
            table.entered(A, eventFd);
            table.written().join();
            var copy = Files.copy(file, file.resolveSibling("copy"));
            Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
            assertThat(table.restore()).isTrue();
            table.entered(B, eventFd);
            assertThat(table.restore()).isFalse();
        }
        assertThat(known()).containsExactly(A, B);
    }

    @Test
    void itDoesNotGrowForEver() throws IOException {
        try (var table = open()) {
            table.entered(A, eventFd);
            for (int i = 0; i < 20_000; i++) {
                table.entered(B, eventFd);
                table.removed(B);
            }
            table.written().join(); // closing waits only some seconds
        }
        try (var lines = Files.lines(file)) {
            assertThat(lines.count()).isLessThan(10_010);
        }
        assertThat(known()).containsExactly(A);
    }

    // Leases

    private static KeptLease lease(String id) {
        var state =
                new LeaseState(
                        id,
                        List.of(new LeaseShare(A.name(), 1)),
                        List.of(),
                        new LeaseState.Holder(LeaseState.Kind.CONNECTION, 1, 0),
                        Instant.EPOCH,
                        Optional.empty());
        return new KeptLease(state, 0, Duration.ZERO, 0, Set.of());
    }

    private static Set<String> leases(Path file) throws IOException {
        return Past.read(file).leased().keySet();
    }

    @Test
    void aLeaseIsWrittenBeforeItIsSaidToBe() throws IOException {
        try (var table = open()) {
            table.entered(A, eventFd);
            for (int i = 0; i < 100; i++) {
                table.leased(lease("l" + i));
                if (i % 2 == 0) {
                    table.leaseEnded("l" + i);
                }
                table.written().join();
                assertThat(leases(file)).hasSize((i + 1) / 2);
            }
        }
    }

    @Test
    void inMemoryTheLineOfALeaseIsThereAtOnce() throws IOException {
        inMemory(file -> {
            try (var table = Table.open(file, Keeper.NOBODY)) {
                table.entered(A, eventFd);
                long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
                while (!areMostAtOnce(table)) {
                    assertThat(System.nanoTime()).as("in time").isLessThan(end);
                }
                table.written().join();
                assertThat(leases(file)).isEmpty();
            }
        });
    }

    /**
     * Whether most of a hundred lines are written when the call returns: not each, because the
     * thread of the table may not have ended its last task quite yet.
     */
    private static boolean areMostAtOnce(Table table) {
        int atOnce = 0;
        for (int i = 0; i < 100; i++) {
            table.written().join();
            table.leased(lease("l" + i));
            atOnce += table.written().isDone() ? 1 : 0;
            table.moved(lease("l" + i));
            table.leaseEnded("l" + i);
        }
        return atOnce > 50;
    }

    @Test
    void inMemoryLinesOfLeasesKeepTheirOrderAmongOthersAndDoNotGrowForEver() throws IOException {
        inMemory(file -> {
            try (var table = Table.open(file, Keeper.NOBODY)) {
                for (int i = 0; i < 6_000; i++) {
                    if (i % 100 == 0) {
                        table.written().join();
                    } else if (i % 50 == 0) {
                        table.removed(A); // on the other thread, and all that is behind it
                        table.entered(A, eventFd);
                    }
                    table.leased(lease("l" + i));
                    table.leaseEnded("l" + i);
                }
                table.leased(lease("last"));
                table.written().join();
            }
            try (var lines = Files.lines(file)) {
                assertThat(lines.count()).isLessThan(10_020);
            }
            var past = Past.read(file);
            assertThat(past.leased().keySet()).containsExactly("last");
            assertThat(past.leased().get("last").eventfds())
                    .containsExactlyElementsOf(past.entries().keySet());
        });
    }

    @Test
    void aLeaseOnAnEventfdThatWasDeletedIsNotOneOnANewEventfd() throws IOException {
        try (var table = open()) {
            table.entered(A, eventFd);
            table.leased(lease("l"));
            table.removed(A);
        }
        try (var table = open()) {
            table.entered(A, eventFd);
        }
        try (var table = open()) {
            assertThat(table.leases())
                    .extracting(KeptLease::gone)
                    .containsExactly(Set.of(A.name()));
        }
    }

    private interface OnFile {
        void run(Path file) throws IOException;
    }

    private static void inMemory(OnFile test) throws IOException {
        var memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory) && Files.getFileStore(memory).type().equals("tmpfs"));
        var directory = Files.createTempDirectory(memory, "table");
        try {
            test.run(directory.resolve("table"));
        } finally {
            try (var files = Files.list(directory)) {
                for (var file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(directory);
        }
    }
}
