package io.eventfdd.server.cli;

import io.eventfdd.client.EventfdState;
import io.eventfdd.client.EventfddClient;
import io.eventfdd.client.EventfddException;
import io.eventfdd.client.Transport;
import io.eventfdd.internal.linux.ErrnoException;
import io.eventfdd.internal.linux.SeqPacketSocket;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

@Command(
        name = "top",
        description = {
            "Shows the eventfds that you may read, live; q quits.",
            "NET/S is how much the count grew or shrank in a second: writes minus reads. WAITERS"
                    + " are calls that wait in the daemon; waits on raw descriptors are not known."
                    + " LEASED is how many permits leases have taken.",
            "The keys n, c, r, w, l and h sort by name, count, rate, waiters, leased permits and"
                    + " holders."
        },
        footer = {"", "Example: eventfdd top --sort rate --interval 1s orders."})
final class TopCommand extends DaemonCommand {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    @Parameters(
            paramLabel = "PREFIX",
            arity = "0..1",
            defaultValue = "",
            description = "only those whose names begin with it")
    private String prefix = "";

    @Option(
            names = "--sort",
            paramLabel = "KEY",
            defaultValue = "name",
            description = "one of ${COMPLETION-CANDIDATES} (default: name)")
    private TopTable.Sort sort = TopTable.Sort.name;

    @Option(
            names = "--interval",
            paramLabel = "TIME",
            defaultValue = "2s",
            converter = TimeLimit.Text.class,
            description = "time between two updates, such as 500ms (default: 2s)")
    private Duration interval = Duration.ZERO;

    @Option(
            names = "--holders",
            description =
                    "show how many processes besides the daemon have the raw descriptor, as /proc"
                            + " tells; 2+ means two, and maybe others that you may not see. Each"
                            + " eventfd is opened for that, and the daemon's own calls on it are a"
                            + " little slower from then on")
    private boolean withHolders;

    private Map<String, EventfdState> before = Map.of();
    private long lookedAt;

    /** A daemon that is away is to be shown, not waited for. */
    @Override
    EventfddClient.Builder prepared(EventfddClient.Builder client) {
        return client.outage(Duration.ZERO);
    }

    @Override
    ExitStatus run(EventfddClient client) throws IOException, InterruptedException {
        if (interval.isZero()) {
            throw usedWrongly("--interval: 0s is too short");
        }
        if (!isForPeople()) {
            throw usedWrongly("top needs a terminal; ls prints to a pipe");
        }
        var info = client.info();
        var about = "eventfdd " + info.version() + " at " + info.directory();
        try (var raw = withHolders ? connect(Transport.RAW) : null;
                var screen =
                        Screen.open(out())
                                .orElseThrow(() -> usedWrongly("standard input is no terminal"))) {
            var holders = raw == null ? null : new Holders(raw, daemon(info.directory()));
            return show(client, screen, about, holders);
        }
    }

    /** The daemon's process, or 0 if that cannot be known. */
    private static long daemon(Path directory) {
        try (var socket = SeqPacketSocket.connect(directory.resolve("fd.sock"), PATIENCE)) {
            return socket.peer().pid();
        } catch (ErrnoException e) {
            return 0;
        }
    }

    private ExitStatus show(
            EventfddClient client, Screen screen, String about, @Nullable Holders holders)
            throws IOException, InterruptedException {
        List<TopRow> rows = List.of();
        while (true) {
            String state;
            try {
                rows = look(client, holders);
                // The number first: a long path may be cut.
                state = rows.size() + " eventfds   " + about;
            } catch (EventfddException e) {
                // It may come back.
                state = String.valueOf(e.getMessage());
            }
            var now = LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS);
            long next = System.nanoTime() + interval.toNanos();
            boolean waits = true;
            while (waits) {
                var table = new TopTable(now + "   " + state, rows, sort, withHolders);
                screen.draw(table.lines(screen.size()), TopTable.HEAD);
                var key = screen.key(next);
                if (key.isPresent() && key.get() == 'q') {
                    return ExitStatus.DONE;
                }
                key.flatMap(TopTable.Sort::ofKey).ifPresent(chosen -> sort = chosen);
                waits = key.isPresent();
            }
        }
    }

    private List<TopRow> look(EventfddClient client, @Nullable Holders holders) throws IOException {
        var states = client.list(prefix);
        long now = System.nanoTime();
        double seconds = (now - lookedAt) / 1e9;
        lookedAt = now;
        if (holders != null) {
            holders.keepOnly(states);
            holders.look();
        }
        var seen = new HashMap<String, EventfdState>();
        var rows = new ArrayList<TopRow>();
        for (var state : states) {
            seen.put(state.name(), state);
            var earlier = before.get(state.name());
            Double net = null;
            if (earlier != null && earlier.created().equals(state.created())) {
                net = TopRow.net(earlier.count(), state.count(), seconds);
            }
            var held = holders == null ? null : holders.of(state);
            rows.add(
                    new TopRow(
                            state.name(),
                            state.count(),
                            net,
                            state.waiters(),
                            state.leased(),
                            held));
        }
        before = seen;
        return rows;
    }
}
