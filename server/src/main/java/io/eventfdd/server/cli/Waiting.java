package io.eventfdd.server.cli;

import io.eventfdd.protocol.ProblemException;
import io.eventfdd.protocol.Timeout;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.time.Duration;

/**
 * The text of a duration as an option's value, in the protocol's words: {@code 500ms}, {@code 30s},
 * {@code 5m}, {@code 2h}.
 */
final class Waiting implements ITypeConverter<Duration> {
    /** As good as for ever. */
    static final String FOR_EVER = "87600h";

    private static final Duration LONGEST = Duration.ofDays(3650);

    @Override
    public Duration convert(String text) {
        try {
            return Timeout.parse("timeout", text, LONGEST);
        } catch (ProblemException e) {
            throw new TypeConversionException(e.problem().detail());
        }
    }
}
