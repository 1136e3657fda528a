package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

@Timeout(300)
class DirectoryWatchTest {
    @TempDir private Path parent;

    private Path directory;
    private DirectoryWatch watch;

    @BeforeEach
    void watch() throws IOException {
        directory = Files.createDirectory(parent.resolve("watched"));
        Files.createFile(directory.resolve("a"));
        watch = DirectoryWatch.create();
        watch.watch(directory);
    }

    @AfterEach
    void close() {
        watch.close();
    }

    private boolean hasChanged() throws IOException {
        var readiness = new Readiness();
        readiness.begin(1);
        readiness.ask(watch.fd());
        boolean changed = readiness.await(0) > 0;
        watch.clear();
        return changed;
    }

    @Test
    void whatIsAddedOrWrittenIsNoMatter() throws IOException {
        Files.createFile(directory.resolve("b"));
        Files.writeString(directory.resolve("a"), "x");
        assertThat(hasChanged()).isFalse();
    }

    @Test
    void whatIsRemovedMovedAwayOrReplacedIsNoticed() throws IOException {
        Files.move(directory.resolve("a"), parent.resolve("b"));
        assertThat(hasChanged()).as("moved away").isTrue();
        assertThat(hasChanged()).as("once").isFalse();
        Files.createFile(directory.resolve("a"));
        assertThat(hasChanged()).isFalse();
        Files.move(parent.resolve("b"), directory.resolve("a"), StandardCopyOption.ATOMIC_MOVE);
        assertThat(hasChanged()).as("replaced").isTrue();
        Files.delete(directory.resolve("a"));
        assertThat(hasChanged()).as("removed").isTrue();
    }

    @Test
    void theEndOfTheDirectoryIsNoticedAndTheNextOneWatched() throws IOException {
        Files.move(directory, parent.resolve("away"));
        assertThat(hasChanged()).as("moved away").isTrue();
        assertThatThrownBy(() -> watch.watch(directory)).hasMessageContaining("ENOENT");
        Files.createDirectory(directory);
        watch.watch(directory);
        watch.watch(directory);
        assertThat(hasChanged()).isFalse();
        Files.delete(directory);
        assertThat(hasChanged()).as("removed").isTrue();
    }
}
