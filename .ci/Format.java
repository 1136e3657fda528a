import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Formats the sources, or checks that they are formatted: {@code Format check|apply DIRECTORY...}. The formatter is
 * google-java-format in AOSP style. Maven starts this on the JDK that compiles, since the formatter parses with the
 * compiler it runs on, and Maven's own Java may be too old for our sources.
 */
final class Format {
    private static final JavaFormatterOptions OPTIONS =
            JavaFormatterOptions.builder().style(Style.AOSP).build();

    private Format() {}

    public static void main(String[] arguments) throws IOException {
        boolean apply = arguments[0].equals("apply");
        List<Path> files = new ArrayList<>();
        for (String directory : List.of(arguments).subList(1, arguments.length)) {
            files.addAll(sources(Path.of(directory)));
        }
        long unclean = files.parallelStream().filter(file -> !format(file, apply)).count();
        if (unclean > 0) {
            System.out.println("mvn -N verify -Dformat=apply formats the sources.");
            System.exit(1);
        }
    }

    /** True if the file is formatted at the end. */
    private static boolean format(Path file, boolean apply) {
        try {
            String source = Files.readString(file);
            String formatted = new Formatter(OPTIONS).formatSourceAndFixImports(source);
            if (formatted.equals(source)) {
                return true;
            }
            System.out.println((apply ? "formatted: " : "not formatted: ") + file);
            if (apply) {
                Files.writeString(file, formatted);
            }
            return apply;
        } catch (FormatterException e) {
            System.out.println("cannot be parsed: " + file + ":" + e.getMessage());
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> sources(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
        }
    }
}
