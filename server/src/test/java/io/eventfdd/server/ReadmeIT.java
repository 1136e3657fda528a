package io.eventfdd.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eventfdd.server.cli.Completion;
import io.eventfdd.server.cli.ExitStatus;
import io.eventfdd.server.testing.DaemonProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import picocli.CommandLine.Model.CommandSpec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Every command in the READMEs does what they say, in their order and in an empty environment.
 * Every program in them is a file of {@code deploy/examples}, which the commands run.
 */
@Timeout(300)
class ReadmeIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path EXAMPLES = ROOT.resolve("deploy/examples");
    private static final Pattern BLOCK =
            Pattern.compile(
                    "^```(sh|java|python)\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    /** What a command prints, behind it or in a comment that says "prints: ". */
    private static final Pattern PRINTED =
            Pattern.compile("# (?:(\\{.*})|.*prints: (\\S.*))$", Pattern.MULTILINE);

    private static final Pattern ROW_OF_COMMANDS = Pattern.compile("`(?:eventfdd )?([a-z]+)");
    private static final Pattern CODE_OR_LINK = Pattern.compile("(`[^`]*`|]\\([^#)][^)]*\\))");
    private static final Pattern NUMBER = Pattern.compile("([0-9]+(?:[.,][0-9]+)*)");

    private static final Pattern CLASS = Pattern.compile("public class (\\w+)");

    private record Block(String language, String text) {}

    @Test
    void everyCommandDoesWhatItSays() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/curl")), "curl is not installed");
        try (var daemon = DaemonProcess.start()) {
            var script = script("README.md");
            var output = shell(daemon, script);
            for (var page : List.of(script, script("README.zh-CN.md"))) {
                for (var printed : PRINTED.matcher(page).results().toList()) {
                    var text = printed.group(1) == null ? printed.group(2) : printed.group(1);
                    assertThat(output).as(printed.group()).contains(text);
                }
            }
        }
    }

    @Test
    void bothPagesHaveTheSameCommands() throws IOException {
        assertThat(commands("README.zh-CN.md"))
                .isEqualTo(commands("README.md"))
                .hasSizeGreaterThan(20);
    }

    @Test
    void bothPagesHaveTheSameRows() throws IOException {
        var rows = rows("README.md");
        assertThat(rows("README.zh-CN.md"))
                .map(ReadmeIT::whatNeedsNoTranslation)
                .isEqualTo(rows.stream().map(ReadmeIT::whatNeedsNoTranslation).toList());
        assertThat(rows).hasSizeGreaterThan(100);
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "README.zh-CN.md"})
    void everyCommandHasARowAndNoRowIsOfAnother(String page) throws IOException {
        var commands =
                rows(page).stream()
                        .filter(row -> row.startsWith("| `eventfdd "))
                        .flatMap(row -> found(ROW_OF_COMMANDS, row.split("\\|", -1)[1]).stream())
                        .distinct();
        assertThat(commands)
                .containsExactlyInAnyOrderElementsOf(
                        Completion.commands(Main.commandLine().getCommandSpec()).stream()
                                .map(CommandSpec::name)
                                .toList());
    }

    private static List<String> rows(String page) throws IOException {
        return Files.readAllLines(ROOT.resolve(page)).stream()
                .filter(line -> line.startsWith("|"))
                .toList();
    }

    /** The code in a row, what its links lead to, and its numbers. */
    private static List<String> whatNeedsNoTranslation(String row) {
        var words = new ArrayList<>(found(CODE_OR_LINK, row).stream().sorted().toList());
        words.addAll(
                found(NUMBER, CODE_OR_LINK.matcher(row).replaceAll("")).stream().sorted().toList());
        return words;
    }

    private static List<String> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(match -> match.group(1)).toList();
    }

    /** The lines of the script, without the comments behind them. */
    private static List<String> commands(String page) throws IOException {
        return script(page)
                .lines()
                .map(line -> line.replaceFirst("(^|\\s)# .*", "").stripTrailing())
                .toList();
    }

    /** What the page has a reader run, but for the daemon itself. */
    private static String script(String page) throws IOException {
        var script = new StringBuilder();
        for (var block : blocks(page)) {
            if (isServe(block)) {
                assertThat(block.text.strip())
                        .as("one command, which finds its directory by itself")
                        .isEqualTo("server/bin/eventfdd serve");
            } else if (block.language.equals("sh")) {
                script.append(isBuilt(block.text));
            }
        }
        return script.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "README.zh-CN.md"})
    void everyProgramIsAnExample(String page) throws IOException {
        assertThat(blocks(page))
                .filteredOn(block -> !block.language.equals("sh"))
                .isNotEmpty()
                .allSatisfy(block -> assertThat(example(block)).hasContent(block.text));
    }

    @Test
    void theTableOfExitStatusesIsThatOfTheCommand() throws IOException {
        assertThat(Files.readAllLines(ROOT.resolve("README.md")))
                .filteredOn(line -> line.matches("\\| \\d+ \\| .*"))
                .containsExactlyElementsOf(
                        Arrays.stream(ExitStatus.values())
                                .map(status ->
                                        "| " + status.code() + " | " + status.meaning() + " |")
                                .toList());
    }

    private static List<Block> blocks(String page) throws IOException {
        var blocks =
                BLOCK.matcher(Files.readString(ROOT.resolve(page)))
                        .results()
                        .map(found -> new Block(found.group(1), found.group(2)))
                        .toList();
        assertThat(blocks).hasSizeGreaterThan(3);
        return blocks;
    }

    private static boolean isServe(Block block) {
        return block.text.startsWith("server/bin/eventfdd serve");
    }

    private static Path example(Block block) {
        if (block.language.equals("python")) {
            return EXAMPLES.resolve("receiver.py");
        }
        var name = CLASS.matcher(block.text);
        assertThat(name.find()).as(block.text).isTrue();
        return EXAMPLES.resolve(name.group(1) + ".java");
    }

    /** The commands without those that build: what is tested here is built already. */
    private static String isBuilt(String commands) {
        return Pattern.compile("^mvn .*\\n", Pattern.MULTILINE).matcher(commands).replaceAll("");
    }

    /** Runs the commands in the root of the checkout, where only the daemon's place is known. */
    private static String shell(DaemonProcess daemon, String script) throws Exception {
        var distribution = DaemonProcess.launcher().getParent();
        var builder =
                new ProcessBuilder(
                        "/bin/bash",
                        "-euc",
                        script.replace("$PWD/server/bin", distribution.toString())
                                .replace(
                                        "server/bin/eventfdd",
                                        DaemonProcess.launcher().toString()));
        var environment = builder.directory(ROOT.toFile()).environment();
        environment.clear();
        environment.put("EVENTFDD_RUNTIME_DIR", daemon.directory().toString());
        environment.put("HOME", Files.createDirectory(daemon.file("home")).toString());
        var process = builder.redirectErrorStream(true).start();
        process.getOutputStream().close();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(script + "\n" + output).isZero();
        return output;
    }
}
