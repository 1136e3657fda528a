package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.jna.Native;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnJre;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Which binding a JVM takes, and what it says of it. */
class BindingTest {
    private static final String ALLOWED = "--enable-native-access=ALL-UNNAMED";

    /** What a JVM printed. */
    private record Said(String out, String errors) {}

    /** Signals once, and prints how. */
    static final class Program {
        public static void main(String[] arguments) throws ErrnoException {
            try (var eventFd = EventFd.create(0, false, true)) {
                eventFd.write(7);
                long value = eventFd.readNow(new ReadBuffer());
                System.out.print(
                        (Proxy.isProxyClass(Libc.LIBC.getClass()) ? "foreign" : "JNA")
                                + " "
                                + SignalCalls.FASTEST.getClass().getSimpleName()
                                + " "
                                + value);
            }
        }
    }

    /** Looks at flags as often as a daemon with very many hand-outs, and prints what it sees. */
    static final class Looks {
        private static final int OFTEN = 100_000;

        public static void main(String[] arguments) throws Exception {
            try (var eventFd = EventFd.create(0, false, true)) {
                var fd = eventFd.fd();
                for (int i = 0; i < OFTEN; i++) {
                    fd.isNonblocking();
                }
                for (var thread : Thread.getAllStackTraces().keySet()) {
                    if (thread.getName().equals("eventfdd-binding")) {
                        thread.join();
                    }
                }
                boolean first = fd.isNonblocking();
                fd.setNonblocking(false);
                System.out.print(first + " " + fd.isNonblocking());
            }
            try {
                Fd.borrow(Integer.MAX_VALUE).isNonblocking();
            } catch (ErrnoException e) {
                System.out.print(" " + e.errnoName());
            }
        }
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    void veryManyLooksAtFlagsBindTheForeignCalls(@TempDir Path directory) throws Exception {
        var classes = directory.resolve("classes");
        var said =
                run(
                        Looks.class,
                        ALLOWED,
                        "-Deventfdd.foreign=false",
                        "-Xlog:class+load:file=" + classes);
        assertThat(said).isEqualTo(new Said("true false EBADF", ""));
        assertThat(Files.readString(classes)).contains(".linux.ForeignCalls ");
    }

    @Test
    @EnabledOnJre(JRE.JAVA_17)
    void java17TakesJna() throws Exception {
        assertThat(run()).isEqualTo(new Said("JNA LibcCalls 7", ""));
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    void java22NeedsNoJnaAndWarnsOfNothing() throws Exception {
        assertThat(run(ALLOWED)).isEqualTo(new Said("foreign ForeignCalls 7", ""));
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    void whoWantsAFastStartTakesJna() throws Exception {
        assertThat(run(ALLOWED, "-Deventfdd.foreign=false"))
                .isEqualTo(new Said("JNA LateForeignCalls 7", ""));
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    void withoutTheOptionItIsJnaAloneThatIsWarnedOf() throws Exception {
        var said = run();
        assertThat(said.out()).endsWith(" 7");
        assertThat(said.errors()).doesNotContain("io.eventfdd");
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void whereJnaAloneIsAllowedItIsTaken() throws Exception {
        var jna = Path.of(Native.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        assertThat(
                        run(
                                "--module-path=" + jna,
                                "--add-modules=com.sun.jna",
                                "--enable-native-access=com.sun.jna",
                                "--illegal-native-access=deny"))
                .isEqualTo(new Said("JNA LibcCalls 7", ""));
    }

    private static Said run(String... options) throws Exception {
        return run(Program.class, options);
    }

    private static Said run(Class<?> program, String... options) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add(program.getName());
        var process = new ProcessBuilder(command).start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
            return new Said(
                    new String(process.getInputStream().readAllBytes(), UTF_8),
                    new String(process.getErrorStream().readAllBytes(), UTF_8));
        } finally {
            process.destroyForcibly();
        }
    }
}
