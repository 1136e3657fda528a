package io.eventfdd.server.http;

import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Shown;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The table of endpoints by path and method. Paths are compared as they came, byte by byte, but for
 * the one segment that is a name: no dots are resolved, no slashes joined, no parameters cut off at
 * a semicolon. HEAD leads to the endpoint of GET.
 */
final class Routes {
    /** A target as a client sends it that thinks of a proxy; it says whose the path is. */
    private static final Pattern ABSOLUTE_FORM =
            Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://[^/]*(.*)");

    private final Map<String, Methods> fixed = new HashMap<>();
    private final List<Named> named;

    /** One path's methods. */
    private record Methods(Map<String, Endpoint> byMethod, String allow) {
        Methods(TreeMap<String, Endpoint> byMethod) {
            this(new HashMap<>(byMethod), String.join(", ", byMethod.keySet()));
        }
    }

    /** A path with a name in it. */
    private record Named(String prefix, String suffix, Methods methods) {
        /** The segment that stands for the name, still encoded, if {@code path} is one of these. */
        Optional<String> nameIn(String path) {
            int end = path.length() - suffix.length();
            if (end <= prefix.length() || !path.startsWith(prefix) || !path.endsWith(suffix)) {
                return Optional.empty();
            }
            int slash = path.indexOf('/', prefix.length());
            return slash < 0 || slash >= end
                    ? Optional.of(path.substring(prefix.length(), end))
                    : Optional.empty();
        }
    }

    /**
     * What a request leads to.
     *
     * @param endpoint its row of the table
     * @param name what stands for the segment in braces, or empty if the path has none
     * @param path the path as it came, without what precedes it in absolute form
     */
    record Match(Endpoint endpoint, String name, String path) {}

    /**
     * No endpoint takes this method; {@code allow} is the value of the header that says which are
     * taken.
     */
    static final class MethodNotAllowed extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final String allow;

        MethodNotAllowed(String allow) {
            super("allowed: " + allow, null, false, false);
            this.allow = allow;
        }

        String allow() {
            return allow;
        }
    }

    Routes(List<Endpoint> endpoints) {
        var byPath = new LinkedHashMap<String, TreeMap<String, Endpoint>>();
        for (var endpoint : endpoints) {
            if (byPath.computeIfAbsent(endpoint.path(), path -> new TreeMap<>())
                            .put(endpoint.method(), endpoint)
                    != null) {
                throw new IllegalArgumentException(
                        endpoint.method() + " " + endpoint.path() + " occurs twice");
            }
        }
        for (var byMethod : byPath.values()) {
            Optional.ofNullable(byMethod.get("GET"))
                    .filter(Endpoint::hasHead)
                    .ifPresent(get -> byMethod.putIfAbsent("HEAD", get));
        }
        var withName = new ArrayList<Named>();
        byPath.forEach((path, byMethod) -> {
            int name = path.indexOf('{');
            if (name < 0) {
                fixed.put(path, new Methods(byMethod));
            } else {
                withName.add(
                        new Named(
                                path.substring(0, name),
                                path.substring(path.indexOf('}') + 1),
                                new Methods(byMethod)));
            }
        });
        named = List.copyOf(withName);
    }

    /**
     * The endpoint for {@code method} on {@code target}, a path as it came, or one in absolute
     * form.
     *
     * @throws ProblemException {@code not-found}, or {@code invalid-name} for a name that cannot be
     *     decoded
     * @throws MethodNotAllowed if the path takes only other methods
     */
    Match match(String method, String target) {
        var rawPath = path(target);
        var methods = fixed.get(rawPath);
        if (methods != null) {
            return new Match(endpoint(methods, method), "", rawPath);
        }
        for (var path : named) {
            var name = path.nameIn(rawPath);
            if (name.isPresent()) {
                return new Match(endpoint(path.methods, method), decode(name.get()), rawPath);
            }
        }
        throw new ProblemException(
                ProblemType.NOT_FOUND,
                "there is nothing at " + Shown.quoted(rawPath) + "; " + whatThereIs());
    }

    private String whatThereIs() {
        return fixed.containsKey("/openapi")
                ? "GET /openapi lists all calls"
                : "there is only " + String.join(", ", new TreeSet<>(fixed.keySet()));
    }

    /** The path in {@code target}, a path as it came, or one in absolute form. */
    private static String path(String target) {
        if (target.startsWith("/")) {
            return target;
        }
        var absolute = ABSOLUTE_FORM.matcher(target);
        if (!absolute.matches()) {
            return target;
        }
        return absolute.group(1).isEmpty() ? "/" : absolute.group(1);
    }

    private static Endpoint endpoint(Methods methods, String method) {
        var endpoint = methods.byMethod.get(method);
        if (endpoint == null) {
            throw new MethodNotAllowed(methods.allow);
        }
        return endpoint;
    }

    private static String decode(String name) {
        return Percent.decode(name)
                .orElseThrow(() ->
                        new ProblemException(
                                ProblemType.INVALID_NAME,
                                Shown.quoted(name)
                                        + " is not percent-encoded UTF-8, and so no name"));
    }
}
