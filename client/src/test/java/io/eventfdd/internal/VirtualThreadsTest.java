package io.eventfdd.internal;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.internal.raw.RawHandles;
import io.eventfdd.internal.raw.ThreadKind;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A call that leaves its thread, if that is a virtual one, ends as it would have ended there. */
class VirtualThreadsTest {
    @ParameterizedTest
    @EnumSource
    void anExceptionIsTheCallers(ThreadKind kind) {
        var failed = kind.call(() -> onPlatform(new IllegalStateException("no")));
        assertThatThrownBy(() -> RawHandles.result(failed))
                .hasCauseInstanceOf(IllegalStateException.class);
    }

    /** Such as when there is no room for a direct buffer. */
    @ParameterizedTest
    @EnumSource
    void anErrorIsTheCallers(ThreadKind kind) {
        var failed = kind.call(() -> onPlatform(new OutOfMemoryError("direct buffer memory")));
        assertThatThrownBy(() -> RawHandles.result(failed))
                .hasCauseInstanceOf(OutOfMemoryError.class);
    }

    private static Void onPlatform(Throwable failure) {
        return VirtualThreads.onPlatform(
                "test",
                () -> {
                    if (failure instanceof Error error) {
                        throw error;
                    }
                    throw (RuntimeException) failure;
                });
    }
}
