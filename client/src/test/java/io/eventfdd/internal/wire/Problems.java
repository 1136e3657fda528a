package io.eventfdd.internal.wire;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.ProblemException;
import io.eventfdd.client.ProblemType;

import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What the protocol's refusals look like. */
public final class Problems {
    private Problems() {}

    /** {@code call} is refused as {@code type}, for a reason that has all of {@code words}. */
    public static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
            ProblemType type, ThrowingCallable call, String... words) {
        var refusal =
                assertThatThrownBy(call)
                        .isInstanceOf(ProblemException.class)
                        .hasMessageStartingWith(type.slug() + ": ");
        return words.length == 0 ? refusal : refusal.hasMessageContainingAll(words);
    }
}
