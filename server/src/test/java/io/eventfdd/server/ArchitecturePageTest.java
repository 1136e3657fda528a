package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What ARCHITECTURE.md names is in the code. */
@Timeout(300)
class ArchitecturePageTest {
    private static final List<Path> SOURCES =
            List.of(
                    Path.of("../client/src/main/java"),
                    Path.of("src/main/java"),
                    Path.of("bridge/src/main/java"));

    private static final List<Path> TESTS =
            List.of(Path.of("../client/src/test/java"), Path.of("src/test/java"));

    /** A package in the picture; those on one line with another have its parent. */
    private static final Pattern PACKAGE = Pattern.compile("\\bio(\\.[a-z]+)+|(?<=, )\\.[a-z]+\\b");

    private static final Pattern CLASS = Pattern.compile("`([A-Z]\\w*[a-z]\\w*)(?:\\.(\\w+))?[`(]");

    /** A header of HTTP. */
    private static final String NO_CLASS = "Allow";

    private static String page() throws IOException {
        return Files.readString(Path.of("ARCHITECTURE.md"));
    }

    private static List<Path> files(List<Path> folders) throws IOException {
        var files = Stream.<Path>builder();
        for (var sources : folders) {
            try (var all = Files.walk(sources)) {
                all.filter(file -> file.toString().endsWith(".java")).forEach(files);
            }
        }
        return files.build().toList();
    }

    @Test
    void thePictureHasAllPackagesAndNoOthers() throws IOException {
        var picture = page().split("## Packages\\s+```|```\\s+The daemon depends", -1)[1];
        var drawn = new TreeSet<String>();
        for (var line : picture.lines().toList()) {
            var parent = "";
            for (var found : PACKAGE.matcher(line).results().toList()) {
                var name = found.group();
                if (name.startsWith(".")) {
                    drawn.add(parent + name);
                } else {
                    drawn.add(name);
                    parent = name.substring(0, name.lastIndexOf('.'));
                }
            }
        }
        assertThat(drawn).isEqualTo(packages());
    }

    private static Set<String> packages() throws IOException {
        return files(SOURCES).stream()
                .filter(file -> file.endsWith("package-info.java"))
                .map(file ->
                        SOURCES.stream()
                                .filter(file::startsWith)
                                .findFirst()
                                .orElseThrow()
                                .relativize(file.getParent())
                                .toString()
                                .replace('/', '.'))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everyClassThatThePageNamesIsThereWithTheMethodsThatItNames() throws IOException {
        var files =
                Stream.concat(files(SOURCES).stream(), files(TESTS).stream())
                        .collect(Collectors.groupingBy(ArchitecturePageTest::name));
        for (var named : CLASS.matcher(page()).results().toList()) {
            var type = named.group(1);
            if (type.equals(NO_CLASS)) {
                continue;
            }
            assertThat(files.containsKey(type)).as("the class " + type).isTrue();
            if (named.group(2) != null) {
                var member = Pattern.compile("\\b" + named.group(2) + "\\b");
                assertThat(files.get(type))
                        .as(named.group())
                        .anyMatch(file -> member.matcher(read(file)).find());
            }
        }
    }

    private static String name(Path file) {
        return file.getFileName().toString().replace(".java", "");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
