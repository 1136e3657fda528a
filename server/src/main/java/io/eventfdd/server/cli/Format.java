package io.eventfdd.server.cli;

import picocli.CommandLine.Option;

/** How a command prints. */
final class Format {
    enum Kind {
        /** A table for people, with tabs into a pipe. */
        text,
        /** For programs. */
        json
    }

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "one of ${COMPLETION-CANDIDATES} (default: text)")
    private Kind kind = Kind.text;

    boolean isJson() {
        return kind == Kind.json;
    }
}
