package io.eventfdd.server.cli;

import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Timeout;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

import java.time.Duration;

/** The option {@code --timeout}: how long a command waits. */
final class TimeLimit {
    /** Stands for a wait without a limit. */
    static final Duration NONE = Duration.ofDays(3650);

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            converter = Text.class,
            description =
                    "how long to wait, such as 500ms, 30s or 2h; 0s does not wait (default: for"
                            + " ever)")
    private @Nullable Duration given;

    Duration or(Duration standard) {
        return given == null ? standard : given;
    }

    /** Parses durations that are not zero. */
    static final class PositiveText implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            var duration = new Text().convert(text);
            if (duration.isZero()) {
                throw new TypeConversionException(text + " is too short");
            }
            return duration;
        }
    }

    /** Parses durations as the protocol writes them. */
    static final class Text implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return Timeout.parse(
                        "TIME", text, NONE, "3650 days; leave it out to wait for ever");
            } catch (ProblemException e) {
                throw new TypeConversionException(e.problem().detail());
            }
        }
    }
}
