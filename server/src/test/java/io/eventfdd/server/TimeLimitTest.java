package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.RegisterExtension;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * No test can hang for ever, whoever forgets a {@code @Timeout}: a limit interrupts it, and what no
 * interrupt ends, or has no limit as a property of jqwik, ends with its JVM.
 */
@Timeout(300)
class TimeLimitTest {
    private static final String LIMIT = "junit.jupiter.execution.timeout.default";
    private static final String MODE = "junit.jupiter.execution.timeout.mode";

    /** Gives a test the parameters of the JUnit that runs it. */
    @RegisterExtension
    static final ParameterResolver JUNIT =
            new ParameterResolver() {
                @Override
                public boolean supportsParameter(
                        ParameterContext parameter, ExtensionContext context) {
                    return parameter.getParameter().getType() == ExtensionContext.class;
                }

                @Override
                public Object resolveParameter(
                        ParameterContext parameter, ExtensionContext context) {
                    return context;
                }
            };

    @Test
    void aTestThatHasNoLimitOfItsOwnHasFiveMinutes(ExtensionContext junit) {
        assertThat(junit.getConfigurationParameter(LIMIT)).hasValue("5 m");
        assertThat(junit.getConfigurationParameter(MODE)).as("limits are enforced").isEmpty();
    }

    @Test
    void aJvmThatNoInterruptEndsIsEndedByThePluginThatBeganIt() throws IOException {
        var pom = Files.readString(Path.of("../pom.xml"));
        assertThat(pom).contains("<test.jvm.seconds>2400</test.jvm.seconds>");
        for (var plugin : new String[] {"surefire", "failsafe"}) {
            var declared =
                    Pattern.compile(
                                    "<artifactId>maven-"
                                            + plugin
                                            + "-plugin</artifactId>.*?</plugin>",
                                    Pattern.DOTALL)
                            .matcher(pom);
            assertThat(declared.find()).as(plugin).isTrue();
            assertThat(declared.group())
                    .contains(
                            "<forkedProcessTimeoutInSeconds>${test.jvm.seconds}"
                                    + "</forkedProcessTimeoutInSeconds>");
        }
    }
}
