package io.eventfdd.server;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/**
 * The command {@code bridge}. Its class is loaded for every help text, and the jars of the bridge
 * are on the class path only if it runs. So nothing here has a type of theirs in a signature.
 */
@Command(
        name = "bridge",
        mixinStandardHelpOptions = true,
        description = {
            "Links eventfds with those of other hosts, over NATS JetStream.",
            "It runs until SIGTERM or SIGINT, beside the daemon, and logs to stderr. The file says"
                    + " which eventfds are exported to a stream, and which are imported from it."
                    + " Each signal is counted once, even if the bridge or the server is killed.",
            "The file is YAML. host is a name that no other host has, nats: {servers: [URL, ...]}"
                    + " are the servers, and links is a list of export: {name: NAME, subject:"
                    + " SUBJECT} and import: {subject: SUBJECT, name: NAME, mode: MODE}. The mode"
                    + " is copy, if every host gets each signal, or share, if one host gets it. The"
                    + " page server/BRIDGE.md of the sources describes all keys."
        },
        footer = {"", "Example: eventfdd bridge --config /etc/eventfdd/links.yaml --check"})
final class BridgeCommand implements Callable<Integer> {
    @Spec private @Nullable CommandSpec spec;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            required = true,
            description = "the file of links (YAML)")
    private @Nullable Path file;

    @Option(
            names = "--runtime-dir",
            paramLabel = "DIR",
            description =
                    "the directory of the daemon's sockets (default: runtime-dir in the file, or"
                            + " else the first that exists of $EVENTFDD_RUNTIME_DIR,"
                            + " $RUNTIME_DIRECTORY, /run/eventfdd, $XDG_RUNTIME_DIR/eventfdd,"
                            + " /tmp/eventfdd-UID)")
    private @Nullable Path directory;

    @Option(
            names = "--check",
            description =
                    "check the file, connect to NATS and to the daemon, print what the bridge would"
                            + " do, and end")
    private boolean check;

    /** The command with its options. */
    static CommandSpec command() {
        return CommandSpec.forAnnotatedObject(new BridgeCommand());
    }

    @Override
    public Integer call() throws Exception {
        var links = requireNonNull(file, "picocli has set it");
        var out = requireNonNull(spec, "picocli has set it").commandLine().getOut();
        return check
                ? BridgeService.check(links, directory, out)
                : BridgeService.run(links, directory);
    }
}
