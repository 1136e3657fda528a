package io.eventfdd.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.client.InvalidRequestException;
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

    /**
     * A program is told that {@code call} is wrong, in the words that a request with the same value
     * is refused with.
     */
    public static AbstractThrowableAssert<?, ? extends Throwable> assertInvalid(
            ProblemType type, ThrowingCallable call, String... words) {
        return assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e ->
                                assertThat(e.problem())
                                        .contains(type.problem(String.valueOf(e.getMessage()))))
                .hasMessageContainingAll(words);
    }
}
