package io.eventfdd.protocol;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What the protocol's refusals look like. */
final class Problems {
    private Problems() {}

    /** {@code call} is refused as {@code type}, for a reason that has all of {@code words}. */
    static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
            ProblemType type, ThrowingCallable call, String... words) {
        var refusal =
                assertThatThrownBy(call)
                        .isInstanceOf(ProblemException.class)
                        .hasMessageStartingWith(type.slug() + ": ");
        return words.length == 0 ? refusal : refusal.hasMessageContainingAll(words);
    }
}
