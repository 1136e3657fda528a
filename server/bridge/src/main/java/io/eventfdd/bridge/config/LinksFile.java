package io.eventfdd.bridge.config;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Timeout;

import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The parser of {@code links.yaml}. It refuses whatever it does not know, and names it. */
public final class LinksFile {
    /** The stream of a link that names none. */
    static final String STANDARD_STREAM = "EVENTFDD";

    private static final Duration LEAST_WINDOW = Duration.ofSeconds(1);
    private static final Duration STANDARD_WINDOW = Duration.ofMinutes(10);

    /** The default of the daemon's {@code key-life}. */
    private static final Duration STANDARD_ABSENCE = Duration.ofMinutes(5);

    /** Several times as long as the pauses after which a bridge says that it is there. */
    private static final Duration LEAST_ABSENCE = Duration.ofSeconds(30);

    private static final Duration LONGEST_DURATION = Duration.ofDays(7);

    /** The settings that mean the same as the daemon's settings of these names. */
    private static final List<String> SETTINGS =
            List.of("observability-port", "observability-address", "log-level", "log-format");

    private static final Set<String> SCHEMES = Set.of("nats", "tls", "opentls", "ws", "wss");
    private static final int HIGHEST_PORT = 65535;

    /** The server's limit. The name of an eventfd is longer if it has many dots. */
    private static final int LONGEST_CONSUMER = 255;

    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    /** A name of which {@link Names} makes no other stream. */
    private static final Pattern STREAM =
            Pattern.compile("(?!.*_(MARKS|CLAIMS)$)" + TOKEN.pattern());

    private static final Pattern SUBJECT =
            Pattern.compile("(?=.{1,200}$)(?!eventfdd(\\.|$))[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*");

    private LinksFile() {}

    /**
     * Reads {@code file}.
     *
     * @throws InvalidLinks if it cannot be read, or says something that cannot be
     */
    public static Links read(Path file) throws InvalidLinks {
        try {
            return parse(Files.readString(file));
        } catch (InvalidLinks e) {
            throw new InvalidLinks(file + ": " + e.getMessage());
        } catch (NoSuchFileException e) {
            throw new InvalidLinks("cannot read " + file + ": it does not exist");
        } catch (AccessDeniedException e) {
            throw new InvalidLinks("cannot read " + file + ": permission denied");
        } catch (CharacterCodingException e) {
            throw new InvalidLinks("cannot read " + file + ": it is not in UTF-8");
        } catch (IOException e) {
            throw new InvalidLinks("cannot read " + file + ": " + e.getMessage());
        }
    }

    /** Parses the content of a file. */
    static Links parse(String text) throws InvalidLinks {
        Object content;
        try {
            content = yaml().load(text);
        } catch (YAMLException e) {
            throw new InvalidLinks(
                    String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\n\\s*", "; "));
        }
        var fields = Fields.of("", content == null ? Map.of() : content);
        var links =
                new Links(
                        host(fields),
                        servers(fields),
                        path(fields, "runtime-dir"),
                        fields.word("create", Choice.class).orElse(Choice.YES) == Choice.YES,
                        duration(fields, "duplicate-window", STANDARD_WINDOW, LEAST_WINDOW),
                        duration(fields, "longest-absence", STANDARD_ABSENCE, LEAST_ABSENCE),
                        settings(fields),
                        links(fields));
        fields.end();
        links.check();
        return links;
    }

    private enum Choice {
        YES,
        NO
    }

    private static String host(Fields fields) throws InvalidLinks {
        fields.required("host");
        return fields.text("host", HOST, "a host's name: 1 to 63 of A-Z a-z 0-9 . _ -")
                .orElseThrow();
    }

    private static Servers servers(Fields fields) throws InvalidLinks {
        var nats = fields.fields("nats").orElseThrow(() -> fields.wrong("nats", "is missing"));
        var servers = new Servers(urls(nats), path(nats, "credentials"), path(nats, "options"));
        nats.end();
        return servers;
    }

    private static List<String> urls(Fields nats) throws InvalidLinks {
        var urls = nats.texts("servers");
        for (int i = 0; i < urls.size(); i++) {
            if (!isServer(urls.get(i))) { // It may have a password, so the error does not show it.
                throw nats.wrong("servers[" + i + "]", "is not a URL like nats://host:4222");
            }
        }
        return urls;
    }

    /**
     * Whether it can be a server for jnats, which takes it for one of {@code nats} if it has no
     * scheme. The file is read without jnats, so this is decided here.
     */
    private static boolean isServer(String url) {
        try {
            var uri = new URI(url.contains("://") ? url : "nats://" + url);
            return uri.getHost() != null
                    && uri.getPort() <= HIGHEST_PORT
                    && SCHEMES.contains(uri.getScheme());
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static @Nullable Path path(Fields fields, String field) throws InvalidLinks {
        var text = fields.text(field);
        if (text.isEmpty()) {
            return null;
        }
        try {
            if (!text.get().isEmpty()) {
                return Path.of(text.get());
            }
        } catch (InvalidPathException e) {
            // such as a character that the locale does not have
        }
        throw fields.wrong(field, "'" + text.get() + "' is not a path");
    }

    private static Duration duration(Fields fields, String field, Duration standard, Duration least)
            throws InvalidLinks {
        var text = fields.text(field);
        if (text.isEmpty()) {
            return standard;
        }
        try {
            var duration =
                    Timeout.parse(
                            fields.place(field),
                            text.get(),
                            LONGEST_DURATION,
                            Timeout.format(LONGEST_DURATION));
            if (duration.compareTo(least) < 0) {
                throw fields.wrong(field, "is less than " + Timeout.format(least));
            }
            return duration;
        } catch (ProblemException e) {
            throw new InvalidLinks(e.problem().detail());
        }
    }

    private static Map<String, String> settings(Fields fields) throws InvalidLinks {
        var settings = new TreeMap<String, String>();
        for (var key : SETTINGS) {
            fields.text(key).ifPresent(value -> settings.put(key, value));
        }
        return settings;
    }

    private static List<Link> links(Fields fields) throws InvalidLinks {
        var links = new ArrayList<Link>();
        for (var element : fields.list("links")) {
            var place = "links[" + links.size() + "]";
            var one = Fields.of(place, element);
            if (one.has("export") == one.has("import")) {
                throw new InvalidLinks(place + " is neither one export nor one import");
            }
            links.add(
                    one.has("export")
                            ? export(one.fields("export").orElseThrow(() -> empty(place)))
                            : anImport(one.fields("import").orElseThrow(() -> empty(place))));
            one.end();
        }
        return links;
    }

    private static InvalidLinks empty(String place) {
        return new InvalidLinks(place + " says nothing");
    }

    private static Link export(Fields fields) throws InvalidLinks {
        var link =
                new Link.Export(
                        name(fields),
                        subject(fields),
                        stream(fields),
                        fields.word("create", Link.Kind.class).orElse(null),
                        max(fields));
        fields.end();
        return link;
    }

    private static long max(Fields fields) throws InvalidLinks {
        var text = fields.text("max");
        try {
            return text.isEmpty() ? Count.MAX : Count.parseValue(text.get());
        } catch (InvalidRequestException e) {
            throw fields.wrong("max", "'" + text.get() + "' is not a number from 1 to 2^64-2");
        }
    }

    private static Link anImport(Fields fields) throws InvalidLinks {
        var name = name(fields);
        fields.required("mode");
        var mode = fields.word("mode", Link.Mode.class).orElseThrow();
        var link =
                new Link.Import(
                        subject(fields),
                        name,
                        mode,
                        consumer(fields, name, mode),
                        stream(fields),
                        fields.word("create", Link.Kind.class).orElse(null));
        fields.end();
        return link;
    }

    private static String consumer(Fields fields, EventfdName name, Link.Mode mode)
            throws InvalidLinks {
        var consumer =
                fields.text("consumer", TOKEN, "1 to 64 of A-Z a-z 0-9 _ -")
                        .orElse(Names.token(name.value()));
        if (mode == Link.Mode.SHARE && consumer.length() > LONGEST_CONSUMER) {
            throw fields.wrong(
                    "consumer", "is missing: the name of the eventfd is too long to be one");
        }
        return consumer;
    }

    private static EventfdName name(Fields fields) throws InvalidLinks {
        try {
            return new EventfdName(fields.required("name"));
        } catch (InvalidRequestException e) {
            throw fields.wrong("name", String.valueOf(e.getMessage()));
        }
    }

    private static String subject(Fields fields) throws InvalidLinks {
        fields.required("subject");
        return fields.text(
                        "subject",
                        SUBJECT,
                        "a subject: words of A-Z a-z 0-9 _ - with dots between, at most 200"
                                + " characters, of which the first word is not eventfdd")
                .orElseThrow();
    }

    private static String stream(Fields fields) throws InvalidLinks {
        return fields.text(
                        "stream",
                        STREAM,
                        "a stream's name: 1 to 64 of A-Z a-z 0-9 _ - that do not end in _MARKS or"
                                + " _CLAIMS")
                .orElse(STANDARD_STREAM);
    }

    private static Yaml yaml() {
        var loading = new LoaderOptions();
        loading.setAllowDuplicateKeys(false);
        var dumping = new DumperOptions();
        return new Yaml(
                new SafeConstructor(loading),
                new Representer(dumping),
                dumping,
                loading,
                new TextOnly());
    }

    /** A resolver that takes all scalars as text, because YAML would read {@code no} as false. */
    private static final class TextOnly extends Resolver {
        @Override
        protected void addImplicitResolvers() {}
    }
}
