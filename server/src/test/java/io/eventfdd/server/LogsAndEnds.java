package io.eventfdd.server;

/** A program that logs more than a pipe holds, and then ends at once, in one way or another. */
final class LogsAndEnds {
    static final int LINES = 5000;

    private LogsAndEnds() {}

    public static void main(String[] arguments) {
        Logging.toStandardError();
        var logger = System.getLogger("end");
        for (int i = 0; i < LINES; i++) {
            logger.log(System.Logger.Level.INFO, "line {0}", i);
        }
        if (arguments[0].equals("exit")) {
            System.exit(3);
        }
        throw new AssertionError(arguments[0]);
    }
}
