package io.eventfdd.server.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.linux.EventFd;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What a service manager hears on a real socket, of which Python has the other end. */
@Timeout(300)
class SystemdTest {
    @TempDir private Path directory;

    private Process ear;
    private BufferedReader heard;

    private Map<String, String> listen(String address) throws Exception {
        var script = Path.of(SystemdTest.class.getResource("/notify_socket.py").toURI());
        ear =
                new ProcessBuilder("python3", script.toString(), address)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        heard = ear.inputReader();
        assertThat(heard.readLine()).isEqualTo("listens");
        var environment = new HashMap<String, String>();
        environment.put("NOTIFY_SOCKET", address);
        return environment;
    }

    private Map<String, String> listen() throws Exception {
        return listen(directory.resolve("notify").toString());
    }

    @AfterEach
    void end() throws Exception {
        if (ear != null) {
            ear.destroyForcibly();
            ear.waitFor();
        }
    }

    private void hears(String message) throws Exception {
        assertThat(heard.readLine()).isEqualTo(message);
    }

    private void tellAll(Systemd systemd) throws Exception {
        systemd.ready();
        hears("READY=1 STATUS=serving");
        try (var eventFd = EventFd.create(42, false, true)) {
            systemd.keep(100, eventFd.fd());
            hears("FDSTORE=1 FDPOLL=0 FDNAME=e2s [42]");
            assertThat(eventFd.read()).as("the same object").isZero();
        }
        systemd.forget(100);
        hears("FDSTOREREMOVE=1 FDNAME=e2s");
        systemd.stopping();
        hears("STOPPING=1 STATUS=stopping");
    }

    @Test
    void itHearsEverythingAtAPath() throws Exception {
        try (var systemd = Systemd.of(listen())) {
            tellAll(systemd);
        }
    }

    @Test
    void itHearsEverythingAtAnAbstractName() throws Exception {
        try (var systemd = Systemd.of(listen("@eventfdd-test-" + ProcessHandle.current().pid()))) {
            tellAll(systemd);
        }
    }

    @Test
    void theDogIsPattedTwiceAsOftenAsItHasToAndOnlyWhileAllIsWell() throws Exception {
        var environment = listen();
        environment.put("WATCHDOG_USEC", "200000");
        environment.put("WATCHDOG_PID", Long.toString(ProcessHandle.current().pid()));
        var asked = new AtomicInteger();
        try (var systemd = Systemd.of(environment);
                var clock = Executors.newSingleThreadScheduledExecutor()) {
            long began = System.nanoTime();
            systemd.watch(() -> asked.incrementAndGet() <= 4, clock);
            for (int i = 0; i < 4; i++) {
                hears("WATCHDOG=1");
            }
            assertThat(Duration.ofNanos(System.nanoTime() - began))
                    .as("at 0, 1, 2 and 3 times 100 ms")
                    .isGreaterThanOrEqualTo(Duration.ofMillis(290));
            while (asked.get() < 6) {
                Thread.onSpinWait();
            }
            systemd.stopping();
            hears("STOPPING=1 STATUS=stopping");
            clock.shutdownNow();
        }
    }

    @Test
    void thereIsNoDogWhereItIsAnothersOrNone() throws Exception {
        var environment = listen();
        var self = Long.toString(ProcessHandle.current().pid());
        var others = new ArrayList<Consumer<Map<String, String>>>();
        others.add(it -> it.remove("WATCHDOG_USEC"));
        others.add(it -> it.put("WATCHDOG_PID", "1"));
        others.add(it -> it.put("WATCHDOG_USEC", "0"));
        others.add(it -> it.put("WATCHDOG_USEC", "soon"));
        for (var other : others) {
            environment.put("WATCHDOG_USEC", "1000");
            environment.put("WATCHDOG_PID", self);
            other.accept(environment);
            try (var systemd = Systemd.of(environment);
                    var clock = Executors.newSingleThreadScheduledExecutor()) {
                systemd.watch(() -> true, clock);
                clock.shutdown();
                assertThat(clock.isTerminated()).as("nothing was planned").isTrue();
                systemd.ready();
                hears("READY=1 STATUS=serving");
            }
        }
    }

    private static void tellNobody(Systemd systemd) throws Exception {
        try (systemd;
                var eventFd = EventFd.create(42, false, true)) {
            systemd.ready();
            systemd.keep(1, eventFd.fd());
            systemd.forget(1);
            systemd.stopping();
            assertThat(eventFd.count()).isEqualTo(42);
        }
    }

    @Test
    void whereThereIsNoneNobodyHears() throws Exception {
        tellNobody(Systemd.of(Map.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "@", "relative", "vsock:2:1234", "/nowhere/notify"})
    void anAddressThatIsNoneIsLikeNone(String address) throws Exception {
        tellNobody(Systemd.of(Map.of("NOTIFY_SOCKET", address)));
        tellNobody(Systemd.of(Map.of("NOTIFY_SOCKET", "/" + "x".repeat(108))));
    }

    @Test
    void oneThatGoesAwayEndsNothing() throws Exception {
        try (var systemd = Systemd.of(listen())) {
            end();
            tellNobody(systemd);
        }
    }

    @Test
    void oneThatHasGoneIsLoggedOnceHoweverMuchThereIsToTell() throws Exception {
        try (var systemd = Systemd.of(listen())) {
            end();
            assertThat(logged(() -> forgetMany(systemd, 100))).hasSize(1);
        }
    }

    /** Far more than its queue holds (net.unix.max_dgram_qlen), and each of them would wait 2 s. */
    @Test
    @Timeout(30)
    void oneThatHearsNothingIsWaitedForOnceAndToldAgainWhenItHears() throws Exception {
        try (var systemd = Systemd.of(listen())) {
            kill("STOP");
            assertThat(logged(() -> forgetMany(systemd, 5_000))).hasSize(1);
            kill("CONT");
            var again = "FDSTOREREMOVE=1 FDNAME=e1";
            hears(again);
            var lines =
                    logged(() -> {
                        do {
                            systemd.stopping();
                        } while (heard.readLine().equals(again));
                    });
            assertThat(lines).hasSize(1);
        }
    }

    private void kill(String signal) throws Exception {
        var kill = new ProcessBuilder("kill", "-" + signal, Long.toString(ear.pid()));
        assertThat(kill.start().waitFor()).isZero();
    }

    private static void forgetMany(Systemd systemd, int count) {
        for (int i = 0; i < count; i++) {
            systemd.forget(1);
        }
    }

    private interface Telling {
        void run() throws Exception;
    }

    /** The lines of the log about what {@code telling} tells. */
    private static List<String> logged(Telling telling) throws Exception {
        var lines = new ArrayList<String>();
        var log =
                new Handler() {
                    @Override
                    public void publish(LogRecord entry) {
                        lines.add(entry.getMessage());
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        var logger = Logger.getLogger(Systemd.class.getName());
        logger.addHandler(log);
        try {
            telling.run();
        } finally {
            logger.removeHandler(log);
        }
        return lines;
    }
}
