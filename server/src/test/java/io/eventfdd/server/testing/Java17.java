package io.eventfdd.server.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The Java 17 of this machine, on which the library has to work too. */
public final class Java17 {
    private static final Path HOMES = Path.of("/usr/lib/jvm");

    private Java17() {}

    /** Its launcher. The test is skipped if there is none. */
    public static Path launcher() throws IOException {
        assumeTrue(Files.isDirectory(HOMES), "there is no " + HOMES);
        try (var homes = Files.list(HOMES)) {
            var launcher =
                    homes.filter(Java17::isHome).map(home -> home.resolve("bin/java")).findFirst();
            assumeTrue(launcher.isPresent(), "there is no Java 17 in " + HOMES);
            return launcher.orElseThrow();
        }
    }

    private static boolean isHome(Path directory) {
        try {
            return Files.isExecutable(directory.resolve("bin/java"))
                    && Files.readString(directory.resolve("release")).contains("JAVA_VERSION=\"17");
        } catch (IOException e) {
            return false;
        }
    }
}
