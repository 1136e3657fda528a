package io.eventfdd.server.cli;

import io.eventfdd.client.ProblemType;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a command ends: the one table that help and manual show. Those of a problem are {@link
 * ProblemType#exitCode}'s, 69, 70 and 74 are sysexits(3)'s, 124 is timeout(1)'s, 126 and 127 are
 * env(1)'s.
 */
public enum ExitStatus {
    /** All went well. */
    DONE(0, "done"),
    /** Something else went wrong. */
    COULD_NOT(1, "failed"),
    /** An option, a setting, a name or a value that cannot be. */
    WRONG_USE(2, "wrong usage, name or value"),
    /** No eventfd of that name. */
    NOT_FOUND(3, "no such eventfd"),
    /** The mode bits do not let this user. */
    FORBIDDEN(4, "permission denied"),
    /** The count has no room for the value. */
    NO_ROOM(5, "no room for the value"),
    /** There is one of that name. */
    EXISTS(6, "it exists already"),
    /** The eventfd was deleted while the command waited on it. */
    GONE(7, "it was deleted during the call"),
    /** A limit of the daemon's. */
    LIMIT(8, "a limit is reached"),
    /** No daemon there, or one that stops. */
    UNAVAILABLE(69, "no daemon answers"),
    /** Not the user's fault. */
    BUG(70, "the daemon has a bug"),
    /** The daemon ended, and could not write down what the next one is to go on with. */
    NOT_SAVED(74, "the daemon could not save its counts"),
    /** What was waited for did not come in the time given. */
    TIME_UP(124, "the time was up"),
    /** The program of {@code exec} is there and cannot be run. */
    CANNOT_RUN(126, "the program cannot be run"),
    /** The program of {@code exec} is not there. */
    NO_PROGRAM(127, "no such program");

    private final int code;
    private final String meaning;

    ExitStatus(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    /** The number that the shell sees. */
    public int code() {
        return code;
    }

    /** The meaning of this status in words. */
    public String meaning() {
        return meaning;
    }

    /** Codes and meanings, as picocli wants them. */
    static Map<String, String> table() {
        var table = new LinkedHashMap<String, String>();
        for (var status : values()) {
            table.put(Integer.toString(status.code), status.meaning);
        }
        return table;
    }
}
