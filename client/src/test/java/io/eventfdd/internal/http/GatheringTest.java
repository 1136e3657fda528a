package io.eventfdd.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eventfdd.internal.http.HeldCalls.Caller;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

/** A thread that cannot send the calls of others does not keep them waiting. */
@Timeout(60)
class GatheringTest {
    private final HeldCalls<Integer> held = new HeldCalls<>();
    private final Gathering<Integer, Integer> gathering =
            new Gathering<>(this::alone, this::together);

    /** The thread that has no stack left to send a call. */
    private volatile Thread exhausted = new Thread();

    private int alone(int request) {
        held.pass();
        return request;
    }

    private Gathering.Batch<Integer, Integer> together() {
        if (Thread.currentThread() == exhausted) {
            throw new StackOverflowError("a test");
        }
        return new Gathering.Batch<>() {
            private final List<Optional<Integer>> answers = new ArrayList<>();

            @Override
            public boolean add(Integer request) {
                return answers.add(Optional.of(request));
            }

            @Override
            public List<Optional<Integer>> call() {
                return answers;
            }
        };
    }

    @Test
    void ifTheThreadWhoseTurnItIsCannotSendTheNextOneDoes() throws Exception {
        held.keepBusy(() -> gathering.call(0));
        var first = held.gather(() -> gathering.call(1));
        Caller<Integer> second = held.gather(() -> gathering.call(2));
        exhausted = first.thread();
        held.release();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(first::result)
                .withCauseInstanceOf(StackOverflowError.class);
        assertThat(second.result()).isEqualTo(2);
    }
}
