package io.eventfdd.bridge.config;

import io.eventfdd.client.EventfdName;

import org.jspecify.annotations.Nullable;

/** One link between a local eventfd and a subject in a stream. */
public sealed interface Link permits Link.Export, Link.Import {
    /** The local eventfd. */
    EventfdName name();

    /** The subject that all hosts use for it. */
    String subject();

    /** The stream that keeps the messages. */
    String stream();

    /** What to create if the daemon has no such eventfd; null if nothing is to be created. */
    @Nullable Kind kind();

    /** The two kinds of eventfds. */
    enum Kind {
        COUNTER,
        SEMAPHORE
    }

    /** How the hosts divide the signals of a subject. */
    enum Mode {
        /** Each signal goes to one host. */
        SHARE,
        /** Each signal goes to every host. */
        COPY
    }

    /**
     * Takes counts from the eventfd and publishes them.
     *
     * @param max how many signals one message may carry, an unsigned number
     */
    record Export(EventfdName name, String subject, String stream, @Nullable Kind kind, long max)
            implements Link {
        @Override
        public String toString() {
            return "export " + name;
        }
    }

    /**
     * Adds what was published to the eventfd.
     *
     * @param consumer the name under which the stream knows the link. In mode {@code share}, the
     *     hosts that use the same name divide the signals
     */
    record Import(
            String subject,
            EventfdName name,
            Mode mode,
            String consumer,
            String stream,
            @Nullable Kind kind)
            implements Link {
        /** Its name, which no other link of the file has, though several may feed one eventfd. */
        @Override
        public String toString() {
            return "import "
                    + name
                    + (consumer.equals(Names.token(name.value())) ? "" : " as " + consumer)
                    + (stream.equals(LinksFile.STANDARD_STREAM) ? "" : " from " + stream);
        }
    }
}
