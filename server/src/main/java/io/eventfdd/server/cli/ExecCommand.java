package io.eventfdd.server.cli;

import io.eventfdd.client.Eventfd;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Exec;
import io.eventfdd.internal.linux.Fd;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.List;
import java.util.Map;

@Command(
        name = "exec",
        customSynopsis = {
            "eventfdd exec [-hV] [--no-listen-fds] [--answer-timeout=TIME]",
            "                     [--runtime-dir=DIR] NAME... -- PROGRAM [ARG...]"
        },
        description = {
            "Becomes a program that has eventfds as descriptors 3, 4 and so on.",
            "The descriptors are the kernel's own objects: reading and writing them does not"
                    + " involve the daemon.",
            "The environment names them as systemd does, sd_listen_fds(3): LISTEN_FDS is their"
                    + " number, LISTEN_FDNAMES their names with colons between, LISTEN_PID the"
                    + " process.",
            "Descriptors that eventfdd itself has inherited are passed on too, but an eventfd takes"
                    + " the place of one with its number.",
            "If PROGRAM starts another program, that one may not get the descriptors: sudo, npm,"
                + " npx, Java, and Python's subprocess without pass_fds do not pass them on. Name"
                + " the program itself: -- node app.js, not -- npm start.",
            "gunicorn, puma and unicorn mistake descriptor 3 for a listening socket if LISTEN_FDS"
                    + " is set. Start them with --no-listen-fds.",
            "In a shell, od takes the value (-N8: once) and printf adds 1. The read command of"
                    + " bash takes the value and loses it."
        },
        footer = {
            "",
            "Example: eventfdd exec orders -- python3 -c 'import os; os.eventfd_write(3, 1)'",
            "Example: eventfdd exec orders -- sh -c 'od -An -tu8 -N8 <&3'",
            "Example: eventfdd exec orders -- sh -c 'printf \"\\1\\0\\0\\0\\0\\0\\0\\0\" >&3'",
            "Example: eventfdd exec --no-listen-fds jobs -- gunicorn app"
        })
final class ExecCommand extends DaemonCommand {
    @Parameters(
            paramLabel = "NAME",
            arity = "1..*",
            description = "the eventfds; the program follows --")
    private List<String> words = List.of();

    @Option(
            names = "--no-listen-fds",
            description =
                    "remove LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID from the environment rather"
                            + " than set them")
    private boolean withoutListenFds;

    ExecCommand() {
        super(Transport.RAW);
    }

    @Override
    ExitStatus run(EventfddClient client) throws IOException {
        var program =
                Program.of(spec().commandLine().getParseResult().originalArgs(), words)
                        .orElseThrow(() ->
                                usedWrongly("Missing the program: NAME... -- PROGRAM [ARG...]"));
        var names = program.before();
        if (names.isEmpty()) {
            throw usedWrongly("Missing required parameter: 'NAME'");
        }
        var command = Exec.ofLastWords(program.words());
        var fds = client.openAll(names).stream().map(ExecCommand::fd).toList();
        try {
            command.become(fds, Program.inherited(), environment(names));
            throw new AssertionError("this process is another program now");
        } catch (ErrnoException e) {
            complain(program.name() + ": " + e.getMessage());
            return Program.status(e);
        }
    }

    /** The variables that sd_listen_fds(3) reads; an empty value removes a variable. */
    private Map<String, String> environment(List<String> names) {
        var pid = Long.toString(ProcessHandle.current().pid());
        return Map.of(
                "LISTEN_FDS", withoutListenFds ? "" : Integer.toString(names.size()),
                "LISTEN_FDNAMES", withoutListenFds ? "" : String.join(":", names),
                "LISTEN_PID", withoutListenFds ? "" : pid);
    }

    private static Fd fd(Eventfd eventfd) {
        return Fd.borrow(eventfd.fd().orElseThrow());
    }
}
