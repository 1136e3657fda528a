package io.eventfdd.bridge.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;

/**
 * The names that a bridge uses in NATS and the keys that it uses at the daemon. All bridges have to
 * agree on them, and a bridge on itself after a restart, so they are defined here and nowhere else.
 */
public final class Names {
    private Names() {}

    /** {@code name} as one token of a subject. {@code %} is in no name of an eventfd or host. */
    public static String token(String name) {
        return name.replace(".", "%2E");
    }

    /** The subject that only the exporter on {@code host} publishes to. */
    public static String exportSubject(String subject, String host) {
        return subject + "." + token(host);
    }

    /** The subjects of all exporters of {@code subject}. */
    public static String allExporters(String subject) {
        return subject + ".*";
    }

    /** The stream of the marks of the importers of {@code stream}. */
    public static String marksOf(String stream) {
        return stream + "_MARKS";
    }

    /** The stream of the claims on the messages of {@code stream}. */
    public static String claimsOf(String stream) {
        return stream + "_CLAIMS";
    }

    /**
     * The subject of the mark of one importer. The mode is part of it, because in mode {@code
     * share} the mark counts claims.
     */
    public static String markSubject(String stream, Link.Mode mode, String consumer, String host) {
        return "eventfdd.mark."
                + stream
                + "."
                + mode.name().toLowerCase(Locale.ROOT)
                + "."
                + consumer
                + "."
                + token(host);
    }

    /** The subject by which an exporter says that it begins to take signals. */
    public static String beginningSubject(String stream, String eventfd, String host) {
        return "eventfdd.mark." + stream + ".export." + token(eventfd) + "." + token(host);
    }

    /** The subject by which the bridge of {@code host} says that it is there. */
    public static String presenceSubject(String stream, String host) {
        return "eventfdd.mark." + stream + ".present." + token(host);
    }

    /** The subjects of all marks, beginnings and presences of {@code stream}. */
    public static String allMarks(String stream) {
        return "eventfdd.mark." + stream + ".>";
    }

    /** The subject of what {@code host} has claimed. */
    public static String claimSubject(String stream, String consumer, String host) {
        return "eventfdd.claim." + stream + "." + consumer + "." + token(host);
    }

    /** The subjects of all claims on the messages of {@code stream}. */
    public static String allClaims(String stream) {
        return "eventfdd.claim." + stream + ".>";
    }

    /**
     * The id of the message number {@code n} of an exporter. An exporter counts from 1 again at
     * another subject, and in a stream that was deleted and created anew. So the subject and the
     * stream's time of creation are part of the id.
     */
    public static String messageId(
            String subject, String host, String eventfd, long created, long n) {
        return exportSubject(subject, host) + "." + token(eventfd) + "." + created + "." + n;
    }

    /**
     * The id of a claim on message {@code id}. It is the same on all hosts, so that the first one
     * wins; it has the consumer in it, because other consumers claim the same messages.
     */
    public static String claimId(String consumer, String id) {
        return consumer + "/" + id;
    }

    /** The idempotency key of the read of message {@code id}. */
    public static String readKey(String id) {
        return "x-" + digest(id);
    }

    /** The idempotency key of the write of message {@code id} by one importer. */
    public static String writeKey(String stream, String consumer, String id) {
        return "i-" + digest(stream + "/" + consumer + "/" + id);
    }

    /**
     * The idempotency key of the write by which one importer adds several messages together.
     *
     * @param created when the stream was created, since its sequences begin anew with it
     * @param sequence of the last of these messages
     */
    public static String batchKey(String stream, String consumer, long created, long sequence) {
        return "b-" + digest(stream + "/" + consumer + "/" + created + "/" + sequence);
    }

    /** What a key of 255 characters might not have room for. */
    private static String digest(String text) {
        try {
            var digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
