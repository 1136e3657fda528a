package io.eventfdd.server.cli;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.Exec;
import io.eventfdd.internal.wire.LeaseRequest;
import io.eventfdd.internal.wire.LeaseShare;
import io.eventfdd.internal.wire.Shown;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.List;
import java.util.Map;

@Command(
        name = "run",
        customSynopsis = {
            "eventfdd run [-hV] [--answer-timeout=TIME] [--on-death=NAME[=N]]...",
            "                    [--runtime-dir=DIR] [--timeout=TIME] [NAME[=N]...]",
            "                    -- PROGRAM [ARG...]"
        },
        description = {
            "Takes permits of semaphores and becomes a program that has them.",
            "The permits are taken all at once, after waiting for them in line with other callers."
                    + " They come back when the program ends, however it ends: by itself, by a"
                    + " signal, or by kill -9. No other process stays beside the program: its exit"
                    + " status, its signals and its terminal are its own, and so are the"
                    + " descriptors that the shell passes on to it.",
            "The lease is that of the program's process alone. A child that the program leaves"
                    + " behind does not keep it.",
            "If the program cannot be run, the permits go back at once, and nothing is written to"
                    + " the names of --on-death."
        },
        footer = {
            "",
            "Example: eventfdd run licences=2 gpu -- make test",
            "Example: eventfdd run --timeout 0s backup -- ./backup.sh || echo it runs already",
            "Example: eventfdd run --on-death worker-died slots -- ./worker.sh",
            "Example: ls *.wav | xargs -P 20 -I{} eventfdd run slots -- lame {}"
        })
final class RunCommand extends DaemonCommand {
    @Parameters(
            paramLabel = "NAME[=N]",
            arity = "0..*",
            description =
                    "the semaphores, and how many permits of each (default: 1); the program"
                            + " follows --")
    private List<String> words = List.of();

    @Option(
            names = "--on-death",
            paramLabel = "NAME[=N]",
            description =
                    "an eventfd to which N (default: 1) is written when the program has ended, in"
                            + " whatever way; may be repeated")
    private List<String> will = List.of();

    @Mixin private final TimeLimit limit = new TimeLimit();

    @Override
    ExitStatus run(EventfddClient client) throws IOException, InterruptedException {
        var program =
                Program.of(spec().commandLine().getParseResult().originalArgs(), words)
                        .orElseThrow(() -> usedWrongly("Missing the program: -- PROGRAM [ARG...]"));
        var take = shares(program.before(), LeaseRequest.MAX_PERMITS);
        var give = shares(will, Count.MAX);
        if (take.isEmpty() && give.isEmpty()) {
            throw usedWrongly("Missing what to hold: NAME[=N], or --on-death NAME[=N]");
        }
        var command = Exec.ofLastWords(program.words());
        try (var lease = new ProcessLease(directory(), answerTimeout(), client.info().maxWait())) {
            if (!lease.take(take, give, limit.or(TimeLimit.NONE))) {
                complain(
                        "not all permits were there in time: "
                                + String.join(", ", program.before()));
                return ExitStatus.TIME_UP;
            }
            return become(command, program, lease);
        }
    }

    private ExitStatus become(Exec command, Program program, ProcessLease lease)
            throws IOException, InterruptedException {
        try {
            command.become(List.of(), Program.inherited(), Map.of());
            throw new AssertionError("this process is another program now");
        } catch (ErrnoException e) {
            complain(program.name() + ": " + e.getMessage());
            lease.release();
            return Program.status(e);
        }
    }

    private static List<LeaseShare> shares(List<String> words, long most) {
        return words.stream().map(word -> share(word, most)).toList();
    }

    /** What {@code NAME} or {@code NAME=N} asks for; N is 1 to {@code most}, unsigned. */
    private static LeaseShare share(String word, long most) {
        int equals = word.indexOf('=');
        if (equals < 0) {
            return new LeaseShare(new EventfdName(word), 1);
        }
        var name = new EventfdName(word.substring(0, equals));
        return new LeaseShare(name, amount(name, word.substring(equals + 1), most));
    }

    private static long amount(EventfdName name, String digits, long most) {
        try {
            long value = Count.parseValue(digits);
            if (Long.compareUnsigned(value, most) <= 0) {
                return value;
            }
        } catch (InvalidRequestException e) {
            // it is told as one that is too great
        }
        var why = name + ": '" + Shown.of(digits) + "' is not 1 to " + Long.toUnsignedString(most);
        throw new InvalidRequestException(why, ProblemType.INVALID_VALUE.problem(why), null);
    }
}
