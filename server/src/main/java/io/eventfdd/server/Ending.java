package io.eventfdd.server;

/** The reason why a daemon ends. */
enum Ending {
    STOPPED(0),
    TAKEN_OVER(0),
    FAILED(70);

    private final int status;

    Ending(int status) {
        this.status = status;
    }

    /** The exit status, unless the table cannot be written. */
    int status() {
        return status;
    }
}
