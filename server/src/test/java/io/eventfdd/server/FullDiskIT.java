package io.eventfdd.server;

import static io.eventfdd.server.testing.DaemonProcess.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Ran;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The disk under the runtime directory is full; a small tmpfs is that disk. */
@Timeout(300)
class FullDiskIT {
    private static final String FULL = "No space left on device";
    private static final String SMALL = "size=64k";

    private Path disk;
    private DaemonProcess daemon;

    @BeforeEach
    void mount() throws Exception {
        disk = Files.createTempDirectory("efd");
        var mount =
                new ProcessBuilder("mount", "-t", "tmpfs", "-o", SMALL, "tmpfs", disk.toString())
                        .start();
        assumeTrue(mount.waitFor() == 0, "a tmpfs can be mounted only by root");
        daemon = DaemonProcess.startIn(disk);
    }

    @AfterEach
    void unmount() throws Exception {
        if (daemon != null) {
            daemon.close();
            new ProcessBuilder("umount", disk.toString()).start().waitFor();
        }
        Files.delete(disk);
    }

    /** Until not even a byte can be written. */
    private void fill() throws IOException {
        try (var out = Files.newOutputStream(disk.resolve("filler"))) {
            while (true) {
                out.write(new byte[1024]);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining(FULL);
        }
    }

    private void makeRoom() throws IOException {
        Files.delete(disk.resolve("filler"));
    }

    private void create(String name) {
        assertThat(status("PUT", "/v1/eventfds/" + name)).isEqualTo(201);
    }

    private void write(String name, int value) {
        daemon.request()
                .body("{\"value\":" + value + "}")
                .contentType("application/json")
                .post("/v1/eventfds/" + name + "/write")
                .then()
                .statusCode(200);
    }

    private void assertThatCountIs(String name, int count) {
        daemon.request()
                .get("/v1/eventfds/" + name)
                .then()
                .statusCode(200)
                .body("count", equalTo(count));
    }

    private int health() {
        return status("GET", "/health/ready");
    }

    private int status(String method, String path) {
        try (var client = daemon.connect()) {
            return client.call(method, path, "").answer().status();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** So many that no more of the table can be written; each is usable all the same. */
    private void createUntilItFails() {
        int made = 0;
        while (health() == 200) {
            create("a-name-that-takes-its-room-in-the-table-" + made++);
        }
        // The space that was kept may be enough for these; it is not for twice as many.
        for (int i = 0; i <= made; i++) {
            create("another-name-that-takes-its-room-in-the-table-" + i);
        }
    }

    private int stop() throws Exception {
        daemon.signal("TERM");
        return daemon.exitStatus();
    }

    @Test
    void aPlannedStopSavesTheCounts() throws Exception {
        create("a");
        fill();
        write("a", 42);
        assertThat(health()).isEqualTo(200);
        assertThat(stop()).as(daemon.log()).isZero();
        daemon.restart();
        assertThatCountIs("a", 42);
        assertThat(stop()).as(daemon.log()).isZero();
        assertThat(daemon.log()).doesNotContain("cannot write");
    }

    @Test
    void whatCannotBeWrittenIsToldOnceAndIsWrittenWhenThereIsRoom() throws Exception {
        create("a");
        fill();
        createUntilItFails();
        create("b");
        write("b", 7);
        daemon.request().get("/health/live").then().statusCode(200);
        assertThat(daemon.request().get("/metrics").asString())
                .contains("eventfdd_table_failing 1.0");
        until(() -> daemon.log().contains("cannot write"));
        assertThat(daemon.log().lines().filter(line -> line.contains("ERROR")))
                .singleElement()
                .asString()
                .contains("cannot write " + daemon.directory().resolve("table"))
                .contains(FULL);
        makeRoom();
        until(() -> health() == 200);
        until(() -> daemon.log().contains("is written again"));
        assertThat(daemon.request().get("/metrics").asString())
                .contains("eventfdd_table_failing 0.0");
        assertThat(stop()).as(daemon.log()).isZero();
        daemon.restart();
        assertThatCountIs("b", 7);
    }

    @Test
    void aStopThatCannotSaveSaysWhatIsLostAndFails() throws Exception {
        create("a");
        fill();
        createUntilItFails();
        write("a", 42);
        assertThat(stop()).as(daemon.log()).isEqualTo(74);
        assertThat(daemon.log())
                .contains("cannot write " + daemon.directory().resolve("table"))
                .containsPattern("the counts of \\d+ eventfds are lost");
        makeRoom();
        daemon.restart();
        assertThatCountIs("a", 0);
    }

    @Test
    void aDaemonThatCannotSaveIsNotTakenOverAndGoesOn() throws Exception {
        create("a");
        fill();
        createUntilItFails();
        write("a", 42);
        var heir = Ran.of(daemon.beginRefusedTakeover(List.of()));
        assertThat(heir.status()).as(heir.output()).isEqualTo(1);
        assertThat(heir.output()).contains("cannot take over").contains(FULL);
        assertThat(daemon.process().isAlive()).isTrue();
        assertThatCountIs("a", 42);
        makeRoom();
        until(() -> health() == 200);
        daemon.takeOver();
        assertThatCountIs("a", 42);
    }

    @Test
    void aTakeOverOnAFullDiskGoesOnWithEverything() throws Exception {
        create("a");
        fill();
        write("a", 42);
        daemon.takeOver();
        assertThatCountIs("a", 42);
        assertThat(stop()).as(daemon.log()).isZero();
        daemon.restart();
        assertThatCountIs("a", 42);
    }

    @Test
    void aDaemonThatStartsWithoutRoomServesAndDoesNotTakeOldCountsForExact() throws Exception {
        create("a");
        write("a", 42);
        assertThat(stop()).isZero();
        Files.delete(daemon.directory().resolve("table.next"));
        fill();
        daemon.restart();
        assertThatCountIs("a", 42);
        assertThat(health()).isEqualTo(503);
        daemon.request().post("/v1/eventfds/a/read").then().statusCode(200);
        daemon.signal("KILL");
        daemon.process().onExit().join();
        daemon.restart();
        assertThatCountIs("a", 0);
        until(() -> daemon.log().contains(FULL));
    }

    /** RLIMIT_FSIZE stands for all that can go wrong with a disk: here, EFBIG. */
    @Test
    void anyOtherErrorIsLikeAFullDisk() throws Exception {
        for (int i = 0; i < 50; i++) {
            create("name" + i);
        }
        write("name7", 42);
        limitFiles(Long.toString(Files.size(daemon.directory().resolve("table"))));
        create("b");
        until(() -> health() == 503);
        until(() -> daemon.log().contains("File too large"));
        assertThat(daemon.log()).contains("ERROR");
        limitFiles("unlimited");
        until(() -> health() == 200);
        assertThat(stop()).as(daemon.log()).isZero();
        daemon.restart();
        assertThatCountIs("name7", 42);
        assertThatCountIs("b", 0);
    }

    private void limitFiles(String bytes) throws IOException {
        daemon.run("prlimit", "--pid=" + daemon.process().pid(), "--fsize=" + bytes + ":unlimited");
    }
}
