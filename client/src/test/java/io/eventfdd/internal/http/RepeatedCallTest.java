package io.eventfdd.internal.http;

import static io.eventfdd.internal.http.HeldCalls.until;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eventfdd.client.ConnectionLostException;
import io.eventfdd.client.EventfdName;
import io.eventfdd.internal.Deadline;
import io.eventfdd.internal.http.HeldCalls.Caller;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;

/** A write is carried out once, or its caller learns that this is not known. */
@Timeout(60)
class RepeatedCallTest {
    private static final EventfdName A = new EventfdName("a");
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir private Path directory;

    private final List<String> writes = new CopyOnWriteArrayList<>();

    /** The origin of the keys of the daemon that serves. */
    private volatile String keys = "one";

    private ScriptedDaemon daemons;
    private HttpDaemon http;

    @BeforeEach
    void start() throws IOException {
        var socket = directory.resolve("api.sock");
        daemons = new ScriptedDaemon(socket, this::answerTo);
        http = new HttpDaemon(socket, LONG, LONG);
    }

    @AfterEach
    void stop() throws IOException {
        http.close();
        daemons.close();
    }

    /** What the daemons say. The first one answers no write. */
    private String answerTo(String request) {
        var path = request.split(" ", 3)[1];
        if (path.endsWith("/write")) {
            writes.add(path);
            if (keys.equals("one")) {
                return ScriptedDaemon.NONE;
            }
        }
        return ScriptedDaemon.answer(200, keys, "{}");
    }

    /** Kills the daemon. The next one does not know its keys. */
    private void kill() throws IOException {
        keys = "two";
        daemons.endConnections();
    }

    @Test
    void anInterruptDoesNotSendAWriteInDoubtToTheNextDaemon() throws Exception {
        var write =
                new Caller<>(() -> {
                    http.write(A, 1);
                    return true;
                });
        until(() -> !writes.isEmpty());
        write.thread().interrupt();
        until(() -> !write.thread().isInterrupted());
        kill();
        assertIsInDoubt(write);
    }

    /** A write that its daemon does not answer. */
    private Caller<Boolean> begunWrite() {
        var write = new Caller<>(() -> http.write(A, 1, Deadline.in(LONG), new CallHandle()));
        until(() -> !writes.isEmpty());
        return write;
    }

    @Test
    void anInterruptEndsAWriteThatItsDaemonHasNotCarriedOut() {
        var write = begunWrite();
        write.thread().interrupt();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(write::result)
                .withCauseInstanceOf(InterruptedException.class);
    }

    @Test
    void ifAnotherDaemonServesByThenAnInterruptedWriteIsInDoubt() {
        var write = begunWrite();
        keys = "two";
        write.thread().interrupt();
        assertIsInDoubt(write);
    }

    @Test
    void ifNoDaemonServesByThenAnInterruptedWriteIsInDoubt() throws Exception {
        var write = begunWrite();
        daemons.stopListening();
        write.thread().interrupt();
        assertIsInDoubt(write);
    }

    @Test
    void anInterruptThatCameBeforeACallAsksNoDaemon() {
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> http.read(A, Deadline.in(Duration.ZERO), new CallHandle()));
        assertThat(daemons.connections()).isZero();
    }

    private void assertIsInDoubt(Caller<Boolean> write) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(write::result)
                .withCauseInstanceOf(ConnectionLostException.class);
        assertThat(writes).hasSize(1);
    }
}
