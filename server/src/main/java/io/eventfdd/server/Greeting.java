package io.eventfdd.server;

import io.eventfdd.server.config.Setting;
import io.eventfdd.server.config.Settings;
import io.eventfdd.server.runtime.RuntimeDirectory;

/** The text on standard output that says how to reach a daemon that has begun to serve. */
record Greeting(RuntimeDirectory directory, Settings settings) {
    /** Prints the text on its own thread, because nobody may read standard output. */
    void print() {
        var text = text();
        Thread.ofPlatform()
                .daemon()
                .name("eventfdd-hello")
                .start(() -> {
                    System.out.print(text);
                    System.out.flush();
                });
    }

    private String text() {
        var text = new StringBuilder("eventfdd " + Version.text() + " serves\n");
        text.append("  HTTP      " + directory.apiSocket() + "\n");
        text.append("  raw fds   " + directory.fdSocket() + "\n");
        int port = settings.number(Setting.OBSERVABILITY_PORT);
        if (port != 0) {
            var address = settings.choice(Setting.OBSERVABILITY_ADDRESS);
            var host = address.contains(":") ? "[" + address + "]" : address;
            text.append("  metrics   http://%s:%d/metrics\n".formatted(host, port));
        }
        return text
                + "try\n  curl --unix-socket "
                + directory.apiSocket()
                + " -X PUT http://localhost/v1/eventfds/orders\n";
    }
}
