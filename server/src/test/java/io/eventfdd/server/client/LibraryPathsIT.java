package io.eventfdd.server.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.server.testing.DaemonProcess;
import io.eventfdd.server.testing.Java17;
import io.eventfdd.server.testing.Ran;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipFile;

import javax.tools.ToolProvider;

/**
 * The library in applications that bring other versions of what it depends on, on their class path
 * and on their module path. Each runs one program, which signals over either transport.
 */
@Timeout(300)
class LibraryPathsIT {
    /** Versions that Maven put there, the oldest and the newest that the library works with. */
    private static final Path OTHERS = Path.of("target", "others").toAbsolutePath();

    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");
    private static final String BOTH = "RAW 3\nHTTP 3";
    private static final String PROGRAM =
            """
            package app;

            import io.eventfdd.client.*;

            import java.nio.file.Path;
            import java.util.List;

            public class Main {
                public static void main(String[] arguments) throws Exception {
                    for (var transport : List.of(Transport.AUTO, Transport.HTTP)) {
                        var builder = EventfddClient.builder().transport(transport);
                        try (var client = builder.runtimeDirectory(Path.of(arguments[0])).connect();
                                var orders = client.open("orders", EventfdSpec.counter())) {
                            orders.write(3);
                            orders.await();
                            orders.awaitAsync().join();
                            client.state("orders");
                            System.out.println(client.transport() + " " + orders.read());
                        }
                    }
                }
            }
            """;

    /** A server in which the program is deployed and undeployed, with the jars that it brings. */
    private static final String SERVER =
            """
            import java.io.File;
            import java.lang.ref.WeakReference;
            import java.net.URL;
            import java.net.URLClassLoader;
            import java.nio.file.Path;
            import java.util.ArrayList;
            import java.util.concurrent.TimeUnit;

            public class Server {
                public static void main(String[] arguments) throws Exception {
                    var undeployed = new ArrayList<WeakReference<ClassLoader>>();
                    for (int i = 0; i < 3; i++) {
                        undeployed.add(deployed(arguments[0], arguments[1]));
                    }
                    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
                    while (!undeployed.isEmpty() && System.nanoTime() < end) {
                        System.gc();
                        undeployed.removeIf(loader -> loader.refersTo(null));
                    }
                    System.out.println(undeployed.size() + " are left");
                }

                private static WeakReference<ClassLoader> deployed(String jars, String daemon)
                        throws Exception {
                    var urls = new ArrayList<URL>();
                    for (var jar : jars.split(File.pathSeparator)) {
                        urls.add(Path.of(jar).toUri().toURL());
                    }
                    var thread = Thread.currentThread();
                    var own = thread.getContextClassLoader();
                    try (var loader = new URLClassLoader(urls.toArray(new URL[0]), own)) {
                        thread.setContextClassLoader(loader);
                        loader.loadClass("app.Main")
                                .getMethod("main", String[].class)
                                .invoke(null, (Object) new String[] {daemon});
                        return new WeakReference<>(loader);
                    } finally {
                        thread.setContextClassLoader(own);
                    }
                }
            }
            """;

    private static final String MODULE = "module my.app { requires io.eventfdd.client; }\n";

    private static DaemonProcess daemon;

    @TempDir private static Path programs;

    @BeforeAll
    static void begin() throws Exception {
        daemon = DaemonProcess.start();
        var main = Files.writeString(programs.resolve("Main.java"), PROGRAM);
        var module = Files.writeString(programs.resolve("module-info.java"), MODULE);
        compile("-cp", classPath(List.of()), "-d", programs.resolve("classes").toString(), main);
        compile(
                "-p",
                classPath(List.of()),
                "-d",
                programs.resolve("module").toString(),
                main,
                module);
    }

    @AfterAll
    static void end() throws IOException {
        daemon.close();
    }

    /** Compiles for Java 17, without a warning; this JVM's own class path may have any files. */
    private static void compile(Object... arguments) {
        var command = new ArrayList<>(List.of("--release", "17", "-Xlint:all,-path", "-Werror"));
        Stream.of(arguments).map(Object::toString).forEach(command::add);
        int status =
                ToolProvider.getSystemJavaCompiler()
                        .run(null, null, null, command.toArray(String[]::new));
        assertThat(status).isZero();
    }

    /** What the library needs and no more, with {@code others} for what is of their names. */
    private static String classPath(List<String> others) {
        var jars = new ArrayList<String>();
        for (var name : List.of("eventfdd-client", "jackson-core", "httpcore5", "jna")) {
            jars.add(
                    others.stream()
                            .filter(other -> other.startsWith(name + "-"))
                            .map(other -> OTHERS.resolve(other + ".jar").toString())
                            .findFirst()
                            .orElseGet(() -> shipped(name)));
        }
        return String.join(File.pathSeparator, jars);
    }

    private static String shipped(String name) {
        return Arrays.stream(DaemonProcess.libraries().split(File.pathSeparator))
                .flatMap(LibraryPathsIT::jars)
                .filter(jar -> jar.getFileName().toString().matches(name + "-[0-9].*\\.jar"))
                .map(Path::toString)
                .findFirst()
                .orElseThrow();
    }

    private static Stream<Path> jars(String entry) {
        if (!entry.endsWith("*")) {
            return Stream.of(Path.of(entry));
        }
        try (var files = Files.list(Path.of(entry).getParent())) {
            return files.toList().stream();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Ran run(Path java, String... options) throws Exception {
        var command = new ArrayList<>(List.of(java.toString()));
        command.addAll(List.of(options));
        command.add(daemon.directory().toString());
        return Ran.of(new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    private static Ran onClassPath(String... others) throws Exception {
        return run(
                JAVA,
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath(List.of(others)) + File.pathSeparator + programs.resolve("classes"),
                "app.Main");
    }

    static Stream<String> others() {
        return Arrays.stream(OTHERS.toFile().list())
                .filter(jar -> jar.startsWith("jackson-core-") || jar.startsWith("httpcore5-"))
                .map(jar -> jar.replace(".jar", ""))
                .sorted();
    }

    @ParameterizedTest
    @MethodSource("others")
    void olderAndNewerVersionsWork(String other) throws Exception {
        assertThat(onClassPath(other)).isEqualTo(new Ran(0, BOTH));
    }

    @Test
    void theOldestAndTheNewestWorkTogether() throws Exception {
        var all = others().toList();
        var jackson = all.stream().filter(jar -> jar.startsWith("jackson")).toList();
        var http = all.stream().filter(jar -> jar.startsWith("http")).toList();
        assertThat(jackson).hasSizeGreaterThan(2);
        assertThat(http).hasSizeGreaterThan(2);
        assertThat(onClassPath(jackson.getFirst(), http.getFirst())).isEqualTo(new Ran(0, BOTH));
        assertThat(onClassPath(jackson.getLast(), http.getLast())).isEqualTo(new Ran(0, BOTH));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anApplicationThatIsAModuleRequiresItByName(boolean newest) throws Exception {
        assertThat(asModule(newest, classPath(List.of()))).isEqualTo(new Ran(0, BOTH));
    }

    private static Ran asModule(boolean newest, String jars) throws Exception {
        var command =
                new ArrayList<>(
                        List.of(
                                "-p",
                                jars + File.pathSeparator + programs.resolve("module"),
                                "-m",
                                "my.app/app.Main"));
        if (newest) {
            command.add(0, "--enable-native-access=io.eventfdd.client");
        }
        return run(newest ? JAVA : Java17.launcher(), command.toArray(String[]::new));
    }

    @Test
    void aModuleNeedsNoJnaOnNewerJava() throws Exception {
        assertThat(asModule(true, withoutJna())).isEqualTo(new Ran(0, BOTH));
    }

    @Test
    void aModuleWithoutJnaUsesHttpOnJava17() throws Exception {
        var ran = asModule(false, withoutJna());
        assertThat(ran.status()).as(ran.output()).isZero();
        assertThat(ran.output())
                .contains("HTTP 3\nHTTP 3")
                .containsOnlyOnce("no raw eventfds in this JVM")
                .contains("add net.java.dev.jna:jna");
    }

    @Test
    void aModuleFindsJnaWithoutAnyOption() throws Exception {
        var ran =
                run(
                        JAVA,
                        "-p",
                        classPath(List.of()) + File.pathSeparator + programs.resolve("module"),
                        "-m",
                        "my.app/app.Main");
        assertThat(ran.status()).as(ran.output()).isZero();
        assertThat(ran.output()).contains("WARNING").endsWith(BOTH);
    }

    private static Ran deployed(String ofTheServer, String ofTheApplication) throws Exception {
        var source = Files.writeString(programs.resolve("Server.java"), SERVER);
        var server = programs.resolve("server");
        compile("-d", server.toString(), source);
        return run(
                JAVA,
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                ofTheServer + File.pathSeparator + server,
                "Server",
                ofTheApplication);
    }

    @Test
    void aServerThatHasTheLibraryForgetsAnApplicationThatUsedIt() throws Exception {
        assertThat(deployed(classPath(List.of()), programs.resolve("classes").toString()))
                .isEqualTo(new Ran(0, (BOTH + "\n").repeat(3) + "0 are left"));
    }

    @Test
    void aServerForgetsAnApplicationThatBroughtTheLibrary() throws Exception {
        assertThat(
                        deployed(
                                programs.toString(),
                                classPath(List.of())
                                        + File.pathSeparator
                                        + programs.resolve("classes")))
                .isEqualTo(new Ran(0, (BOTH + "\n").repeat(3) + "0 are left"));
    }

    private static String withoutJna() {
        return Arrays.stream(classPath(List.of()).split(File.pathSeparator))
                .filter(jar -> !Path.of(jar).getFileName().toString().startsWith("jna-"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Test
    void newerJavaNeedsNoJna() throws Exception {
        assertThat(
                        run(
                                JAVA,
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                withoutJna() + File.pathSeparator + programs.resolve("classes"),
                                "app.Main"))
                .isEqualTo(new Ran(0, BOTH));
    }

    @Test
    void withTheNativeHalfOfAnotherJnaAllGoesOverHttp() throws Exception {
        var foreign = Files.createDirectory(programs.resolve("foreign"));
        try (var jar = new ZipFile(OTHERS.resolve("jna-4.5.2.jar").toFile())) {
            var arch = System.getProperty("os.arch").equals("amd64") ? "x86-64" : "aarch64";
            var library = jar.getEntry("com/sun/jna/linux-" + arch + "/libjnidispatch.so");
            Files.copy(jar.getInputStream(library), foreign.resolve("libjnidispatch.so"));
        }
        var ran =
                run(
                        JAVA,
                        "--enable-native-access=ALL-UNNAMED",
                        "-Deventfdd.foreign=false",
                        "-Djna.boot.library.path=" + foreign,
                        "-cp",
                        classPath(List.of()) + File.pathSeparator + programs.resolve("classes"),
                        "app.Main");
        assertThat(ran.status()).as(ran.output()).isZero();
        assertThat(ran.output())
                .contains("HTTP 3\nHTTP 3")
                .containsOnlyOnce("no raw eventfds in this JVM")
                .contains("incompatible JNA native library");
    }
}
