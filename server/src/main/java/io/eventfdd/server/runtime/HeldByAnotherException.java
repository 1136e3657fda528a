package io.eventfdd.server.runtime;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/** Thrown if another daemon has the runtime directory. */
public final class HeldByAnotherException extends IOException {
    @Serial private static final long serialVersionUID = 1;

    HeldByAnotherException(Path directory) {
        super("another eventfdd has the runtime directory " + directory);
    }
}
