package io.eventfdd.server.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A process that is cat(1), so that proc(5) tells what a program was given that does nothing.
 *
 * @param process the process
 */
public record Cat(Process process) implements AutoCloseable {
    /**
     * {@code process}, which becomes cat(1), once cat has answered: what its own start opens, as
     * its libraries, is closed by then.
     */
    public static Cat of(Process process) throws IOException {
        process.outputWriter().append("here\n").flush();
        assertThat(process.inputReader().readLine()).isEqualTo("here");
        return new Cat(process);
    }

    /** What proc(5) tells of it. */
    public Path proc(String file) {
        return Path.of("/proc/" + process.pid(), file);
    }

    /** Its blocked and its ignored signals, without those of the C library's own, from 32 on. */
    public List<Long> signals() throws IOException {
        return Files.readAllLines(proc("status")).stream()
                .filter(line -> line.startsWith("SigBlk:") || line.startsWith("SigIgn:"))
                .map(line -> Long.parseUnsignedLong(line.split("\\s+", -1)[1], 16) & 0x7fff_ffffL)
                .toList();
    }

    /** Ends it by SIGTERM, and waits for its end. */
    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
