import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Formats the sources, or checks that they are formatted: {@code Format check|apply DIRECTORY...}. The formatter is
 * google-java-format in AOSP style. Maven starts this on the JDK that compiles, since the formatter parses with the
 * compiler it runs on, and Maven's own Java may be too old for our sources.
 */
final class Format {
    private static final Formatter FORMATTER =
            new Formatter(JavaFormatterOptions.builder().style(Style.AOSP).build());

    private Format() {}

    public static void main(String[] arguments) throws IOException {
        boolean apply = arguments[0].equals("apply");
        boolean clean = true;
        for (String directory : List.of(arguments).subList(1, arguments.length)) {
            for (Path file : sources(Path.of(directory))) {
                clean &= format(file, apply);
            }
        }
        if (!clean) {
            System.out.println("mvn -N verify -Dformat=apply formats the sources.");
            System.exit(1);
        }
    }

    /** True if the file is formatted at the end. */
    private static boolean format(Path file, boolean apply) throws IOException {
        String source = Files.readString(file);
        String formatted;
        try {
            formatted = FORMATTER.formatSourceAndFixImports(source);
        } catch (FormatterException e) {
            System.out.println("cannot be parsed: " + file + ":" + e.getMessage());
            return false;
        }
        if (formatted.equals(source)) {
            return true;
        }
        System.out.println((apply ? "formatted: " : "not formatted: ") + file);
        if (apply) {
            Files.writeString(file, formatted);
        }
        return apply;
    }

    private static List<Path> sources(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
        }
    }
}
