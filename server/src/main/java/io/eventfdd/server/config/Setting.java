package io.eventfdd.server.config;

import io.eventfdd.client.AccessMode;
import io.eventfdd.client.InvalidRequestException;
import io.eventfdd.internal.wire.Digits;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.Timeout;

import java.math.BigInteger;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The table of settings: each key with its kind, default and range. */
public enum Setting {
    DIRECTORY_MODE(
            Kind.MODE,
            "0750",
            "0700",
            "0777",
            "permission bits of the runtime directory, if the daemon creates it"),
    SOCKET_MODE(Kind.MODE, "0660", "0600", "0666", "permission bits of both sockets"),
    MAX_EVENTFDS(
            Change.AT_SIGHUP,
            Kind.NUMBER,
            "10000",
            "1",
            "1000000",
            "named eventfds of all users together"),
    MAX_EVENTFDS_PER_USER(
            Change.AT_SIGHUP, Kind.NUMBER, "10000", "1", "1000000", "named eventfds of one user"),
    MAX_CONNECTIONS(Kind.NUMBER, "8192", "1", "1000000", "connections to api.sock"),
    MAX_FD_CONNECTIONS(
            Change.AT_SIGHUP, Kind.NUMBER, "512", "1", "1000000", "connections to fd.sock"),
    MAX_FDS_IN_FLIGHT(
            Change.AT_SIGHUP,
            Kind.NUMBER,
            "16384",
            "253",
            "1000000",
            "raw descriptors, of all users together, that were sent and not yet received"),
    MAX_WAITERS(
            Change.AT_SIGHUP,
            Kind.NUMBER,
            "20000",
            "1",
            "1000000",
            "calls that wait, of all users together; a wait on many counts once for each name"),
    MAX_WAITERS_PER_USER(
            Change.AT_SIGHUP, Kind.NUMBER, "20000", "1", "1000000", "calls that wait, of one user"),
    MAX_WAITERS_PER_CONNECTION(
            Change.AT_SIGHUP,
            Kind.NUMBER,
            "1024",
            "1",
            "1024",
            "names that a wait on many may have"),
    MAX_WATCHERS(
            Change.AT_SIGHUP, Kind.NUMBER, "1000", "1", "1000000", "watches of all users together"),
    MAX_WATCHERS_PER_USER(
            Change.AT_SIGHUP, Kind.NUMBER, "1000", "1", "1000000", "watches of one user"),
    MAX_LEASES(
            Change.AT_SIGHUP,
            Kind.NUMBER,
            "10000",
            "1",
            "1000000",
            "leases in all; each process that holds some takes a descriptor"),
    MAX_LEASES_PER_USER(
            Change.AT_SIGHUP, Kind.NUMBER, "10000", "1", "1000000", "leases of one user"),
    MAX_LEASE(
            Change.AT_SIGHUP,
            Kind.DURATION,
            "24h",
            "1s",
            "8760h",
            "the longest time that a lease can be held for without renewal"),
    MAX_BODY(Change.AT_SIGHUP, Kind.NUMBER, "65536", "1024", "65536", "bytes of a request's body"),
    MAX_PACKET(
            Change.AT_SIGHUP,
            Kind.NUMBER,
            "65536",
            "1024",
            "65536",
            "bytes of a packet on fd.sock that brings no descriptors"),
    MAX_DONATION(
            Change.AT_SIGHUP,
            Kind.NUMBER,
            "253",
            "32",
            "253",
            "eventfds that one packet may bring back on fd.sock"),
    MAX_WAIT(
            Change.AT_SIGHUP,
            Kind.DURATION,
            "1h",
            "1s",
            "24h",
            "the longest timeout that a call may ask for"),
    IDLE_TIMEOUT(
            Change.AT_SIGHUP,
            Kind.DURATION,
            "5m",
            "1s",
            "24h",
            "how long a connection may be idle between two requests"),
    REQUEST_TIMEOUT(
            Change.AT_SIGHUP,
            Kind.DURATION,
            "30s",
            "1s",
            "1h",
            "how long a request may take to arrive"),
    DELIVERY_TIMEOUT(
            Change.AT_SIGHUP,
            Kind.DURATION,
            "60s",
            "1s",
            "1h",
            "how long a client may leave a response unread"),
    KEY_LIFE(
            Change.AT_SIGHUP,
            Kind.DURATION,
            "5m",
            "1s",
            "24h",
            "how long an idempotency key keeps its answer"),
    MAX_KEYS(
            Change.AT_SIGHUP, Kind.NUMBER, "10000", "1", "1000000", "idempotency keys of one user"),
    MAX_KEY_BYTES(
            Change.AT_SIGHUP,
            Kind.NUMBER,
            "16777216",
            "65536",
            "1073741824",
            "bytes of the answers that are kept for one user's idempotency keys"),
    API_DESCRIPTORS(
            "drop",
            "drop, refuse",
            "what happens to descriptors that a client sends to api.sock; refuse needs Linux 6.16"),
    RECLAIM_TIME(
            Kind.DURATION,
            "5s",
            "0s",
            "1h",
            "how long after a start a name waits for processes that hold its eventfd"),
    OBSERVABILITY_PORT(
            Kind.PORT,
            "0",
            "0",
            "65535",
            "TCP port of /metrics and /health for everybody on this host; 0 means none"),
    OBSERVABILITY_ADDRESS(
            "127.0.0.1", "127.0.0.1, ::1", "the loopback address of observability-port"),
    METRICS_BY_NAME(
            Change.AT_SIGHUP,
            "off",
            "off, on",
            "whether /metrics has the count and the waiters of each eventfd, by its name"),
    LOG_LEVEL(
            Change.AT_SIGHUP,
            "info",
            "error, warning, info, debug",
            "the least severe messages that are logged"),
    LOG_FORMAT(Change.AT_SIGHUP, "text", "text, json", "the format of the log"),
    ACCESS_LOG(
            Change.AT_SIGHUP,
            "off",
            "off, on",
            "whether each call is logged, with its user and process");

    /** The format of a value. */
    enum Kind {
        /** A whole number. */
        NUMBER,
        /** A number of a TCP port. */
        PORT,
        /** A whole number and a unit: ms, s, m, h. */
        DURATION,
        /** Three octal digits, a 0 before them allowed. */
        MODE,
        /** One of a few words. */
        CHOICE
    }

    /** When a new value takes effect. */
    private enum Change {
        AT_START,
        AT_SIGHUP
    }

    /** More than any setting can be; what is more still is as far out of its range. */
    private static final BigInteger HIGHEST = BigInteger.valueOf(Long.MAX_VALUE);

    private final Change change;
    private final Kind kind;
    private final String standard;
    private final String least;
    private final String most;
    private final String meaning;

    /** Creates a setting that is read only at the start. */
    Setting(Kind kind, String standard, String least, String most, String meaning) {
        this(Change.AT_START, kind, standard, least, most, meaning);
    }

    Setting(Change change, Kind kind, String standard, String least, String most, String meaning) {
        this.change = change;
        this.kind = kind;
        this.standard = standard;
        this.least = least;
        this.most = most;
        this.meaning = meaning;
    }

    /** Creates a setting whose value is one of a few words. */
    Setting(String standard, String choices, String meaning) {
        this(Change.AT_START, standard, choices, meaning);
    }

    /** Creates a setting whose value is one of the words in {@code choices}, between commas. */
    Setting(Change change, String standard, String choices, String meaning) {
        this(change, Kind.CHOICE, standard, choices, choices, meaning);
    }

    /** The key in the file and, after {@code --}, on the command line, as in {@code max-wait}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The name in the environment, as in {@code EVENTFDD_MAX_WAIT}. */
    public String variable() {
        return "EVENTFDD_" + name();
    }

    /** Whether it is a count of something. */
    public boolean isNumber() {
        return kind == Kind.NUMBER;
    }

    /** Whether it is a duration. */
    public boolean isDuration() {
        return kind == Kind.DURATION;
    }

    /** Whether a new value takes effect while the daemon runs, once it is told to read it. */
    public boolean isReloadable() {
        return change == Change.AT_SIGHUP;
    }

    /** The value if none is given. */
    public String standard() {
        return standard;
    }

    /** The lowest and the highest value, or all allowed words, for people. */
    public String range() {
        return kind == Kind.CHOICE ? least : least + " to " + most;
    }

    /** A description in one line. */
    public String meaning() {
        return meaning;
    }

    /** The setting with this key. */
    public static Optional<Setting> ofKey(String key) {
        return Arrays.stream(values()).filter(setting -> setting.key().equals(key)).findFirst();
    }

    /** All allowed words; none if the value is not one of a few. */
    public List<String> choices() {
        return kind == Kind.CHOICE ? List.of(least.split(", ")) : List.of();
    }

    /** The word that {@code value} stands for, of one of a few. */
    String choice(long value) {
        return choices().get((int) value);
    }

    /**
     * The number that {@code text} stands for: itself, milliseconds, permission bits, or the place
     * among the words.
     */
    long parse(String text) throws InvalidSetting {
        long value = valueOf(this, text);
        if (kind == Kind.CHOICE) {
            return value;
        }
        if (value < valueOf(this, least) || value > valueOf(this, most)) {
            throw new InvalidSetting(key() + ": " + text + " is not " + range());
        }
        return value;
    }

    private static long valueOf(Setting setting, String text) throws InvalidSetting {
        try {
            return switch (setting.kind) {
                case NUMBER, PORT -> Digits.parse(text).min(HIGHEST).longValue();
                case DURATION ->
                        Timeout.parse(setting.key(), text, Duration.ofDays(365), "a year")
                                .toMillis();
                case MODE -> AccessMode.parse(text).bits();
                case CHOICE -> place(setting.choices(), text);
            };
        } catch (NumberFormatException | ProblemException | InvalidRequestException e) {
            throw new InvalidSetting(
                    setting.key()
                            + ": '"
                            + text
                            + "' is not "
                            + switch (setting.kind) {
                                case NUMBER, PORT -> "a whole number";
                                case DURATION -> "a duration, as in 500ms, 30s, 5m, 2h";
                                case MODE -> "three octal digits, as in 0660";
                                case CHOICE -> "one of " + setting.range();
                            });
        }
    }

    private static long place(List<String> choices, String text) {
        int place = choices.indexOf(text);
        if (place < 0) {
            throw new NumberFormatException(text);
        }
        return place;
    }
}
