package io.eventfdd.bridge.nats;

import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.PersistMode;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a stream has to be like for the bridge to keep its promises.
 *
 * @param subjects that it has at least
 * @param window the duplicate window, at least
 * @param onlyLast whether only the last message of each subject is of use
 */
public record StreamPlan(String name, Set<String> subjects, Duration window, boolean onlyLast) {
    private static final int UNLIMITED = -1;

    /** Copies the subjects. */
    public StreamPlan {
        subjects = Set.copyOf(subjects);
    }

    /** The configuration of a stream that is created. */
    StreamConfiguration configuration() {
        return StreamConfiguration.builder()
                .name(name)
                .subjects(new TreeSet<>(subjects))
                .retentionPolicy(RetentionPolicy.Limits)
                .storageType(StorageType.File)
                .discardPolicy(DiscardPolicy.New)
                .duplicateWindow(window)
                .maxMessagesPerSubject(onlyLast ? 1 : UNLIMITED)
                .build();
    }

    /** The subjects that a stream with {@code found} lacks, in order. */
    List<String> missing(StreamConfiguration found) {
        return subjects.stream()
                .filter(subject -> found.getSubjects().stream().noneMatch(one -> has(one, subject)))
                .sorted()
                .toList();
    }

    /** Whether the subjects of {@code pattern} are those of {@code subject}, and perhaps more. */
    private static boolean has(String pattern, String subject) {
        var tokens = pattern.split("\\.", -1);
        var others = subject.split("\\.", -1);
        for (int i = 0; i < tokens.length; i++) {
            if (i == others.length) {
                return false;
            }
            if (tokens[i].equals(">")) {
                return true;
            }
            boolean isAny = tokens[i].equals("*") && !others[i].equals(">");
            if (!isAny && !tokens[i].equals(others[i])) {
                return false;
            }
        }
        return tokens.length == others.length;
    }

    /** {@code found} with the subjects that it lacks. */
    StreamConfiguration completed(StreamConfiguration found) {
        var all = new TreeSet<>(found.getSubjects());
        all.addAll(missing(found)); // The server refuses one that another has already.
        return StreamConfiguration.builder(found).subjects(all).build();
    }

    /**
     * What a stream with {@code found} has otherwise than the bridge needs it, apart from missing
     * subjects: each difference in one line.
     */
    List<String> differences(StreamConfiguration found) {
        var differences = new ArrayList<String>();
        differ(
                differences,
                found.getRetentionPolicy() != RetentionPolicy.Limits,
                "retention is %s, has to be limits".formatted(found.getRetentionPolicy()));
        differ(
                differences,
                found.getStorageType() != StorageType.File,
                "storage is %s, has to be file".formatted(found.getStorageType()));
        differ(
                differences,
                found.getDiscardPolicy() != DiscardPolicy.New,
                "discard is %s, has to be new: a full stream must refuse messages, not drop them"
                        .formatted(found.getDiscardPolicy()));
        differ(
                differences,
                !found.getMaxAge().isZero(),
                "max_age is %s, has to be 0: the last message of a subject must stay"
                        .formatted(found.getMaxAge()));
        differ(
                differences,
                windowOf(found).compareTo(window) < 0,
                "duplicate_window is %s, has to be at least %s".formatted(windowOf(found), window));
        differ(
                differences,
                !onlyLast && found.getMaxMsgsPerSubject() > 0 && !found.isDiscardNewPerSubject(),
                "max_msgs_per_subject is %d without discard_new_per_subject: messages would be lost"
                        .formatted(found.getMaxMsgsPerSubject()));
        differ(
                differences,
                onlyLast && found.isDiscardNewPerSubject(),
                "discard_new_per_subject is true, has to be false: a new message has to replace"
                        + " the last one of its subject");
        differ(
                differences,
                found.getAllowDirect() && found.getReplicas() > 1,
                "allow_direct is true with %d replicas, has to be false: one that lags may answer"
                        .formatted(found.getReplicas()));
        differ(differences, found.getNoAck(), "no_ack is true, has to be false");
        differ(
                differences,
                found.getPersistMode() == PersistMode.Async,
                "persist_mode is async: a message would be acknowledged before it is stored");
        differ(
                differences,
                found.getSubjectTransform() != null,
                "it has a subject_transform: a ledger would not be found under its subject");
        differ(differences, found.getMirror() != null, "it is a mirror, which takes no messages");
        differ(differences, found.getSealed(), "it is sealed");
        return differences;
    }

    private static Duration windowOf(StreamConfiguration found) {
        var known = found.getDuplicateWindow();
        return known == null ? Duration.ZERO : known;
    }

    private static void differ(List<String> differences, boolean differs, String how) {
        if (differs) {
            differences.add(how);
        }
    }
}
