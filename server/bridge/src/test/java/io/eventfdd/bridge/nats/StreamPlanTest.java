package io.eventfdd.bridge.nats;

import static org.assertj.core.api.Assertions.assertThat;

import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.Mirror;
import io.nats.client.api.PersistMode;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.SubjectTransform;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.util.List;
import java.util.Set;

@Timeout(300)
class StreamPlanTest {
    private static final Duration WINDOW = Duration.ofMinutes(10);

    private final StreamPlan plan = new StreamPlan("S", Set.of("a.*", "b.*"), WINDOW, false);
    private final StreamPlan marks = new StreamPlan("S_MARKS", Set.of("m.>"), WINDOW, true);

    @Test
    void streamThatThePlanCreatesIsAsItHasToBe() {
        for (var one : new StreamPlan[] {plan, marks}) {
            assertThat(one.differences(one.configuration())).isEmpty();
            assertThat(one.missing(one.configuration())).isEmpty();
        }
        assertThat(marks.configuration().getMaxMsgsPerSubject())
                .as("only the last mark is of use")
                .isEqualTo(1);
    }

    @Test
    void otherSubjectsAndALongerWindowDoNotMatter() {
        var found =
                StreamConfiguration.builder(plan.configuration())
                        .subjects("a.*", "b.*", "c.>")
                        .duplicateWindow(WINDOW.plusHours(1))
                        .maxBytes(1000)
                        .build();

        assertThat(plan.differences(found)).isEmpty();
        assertThat(plan.missing(found)).isEmpty();
    }

    @Test
    void missingSubjectsAreAddedToThoseThatAreThere() {
        var found = StreamConfiguration.builder(plan.configuration()).subjects("c.*").build();

        assertThat(plan.missing(found)).containsExactly("a.*", "b.*");
        assertThat(plan.completed(found).getSubjects()).containsExactly("a.*", "b.*", "c.*");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "s.a.*, true",
        "s.*.*, true",
        "s.>, true",
        ">, true",
        "s.*, false",
        "s.a.b, false",
        "s.a.*.>, false",
        "t.>, false"
    })
    void subjectOfAStreamMayHaveSeveralOfThePlan(String subject, boolean hasIt) {
        var one = new StreamPlan("S", Set.of("s.a.*"), WINDOW, false);
        var found = StreamConfiguration.builder(one.configuration()).subjects(subject).build();

        assertThat(one.missing(found).isEmpty()).isEqualTo(hasIt);
        assertThat(one.completed(found).getSubjects().equals(List.of(subject))).isEqualTo(hasIt);
    }

    @Test
    void subjectWithAStarHasNoneThatMayHaveMoreTokens() {
        var found = StreamConfiguration.builder(marks.configuration()).subjects("m.*").build();

        assertThat(marks.missing(found)).containsExactly("m.>");
    }

    @Test
    void eachDifferenceIsNamedWithWhatIsFoundAndNeeded() {
        var found =
                StreamConfiguration.builder(plan.configuration())
                        .retentionPolicy(RetentionPolicy.Interest)
                        .storageType(StorageType.Memory)
                        .discardPolicy(DiscardPolicy.Old)
                        .duplicateWindow(Duration.ofSeconds(30))
                        .maxAge(Duration.ofDays(1))
                        .maxMessagesPerSubject(5)
                        .allowDirect(true)
                        .replicas(3)
                        .noAck(true)
                        .persistMode(PersistMode.Async)
                        .subjectTransform(new SubjectTransform("a.*", "c.*"))
                        .mirror(Mirror.builder().name("T").build())
                        .build();

        assertThat(plan.differences(found))
                .containsExactly(
                        "retention is interest, has to be limits",
                        "storage is memory, has to be file",
                        "discard is old, has to be new: a full stream must refuse messages, not"
                                + " drop them",
                        "max_age is PT24H, has to be 0: the last message of a subject must stay",
                        "duplicate_window is PT30S, has to be at least PT10M",
                        "max_msgs_per_subject is 5 without discard_new_per_subject: messages would"
                                + " be lost",
                        "allow_direct is true with 3 replicas, has to be false: one that lags may"
                                + " answer",
                        "no_ack is true, has to be false",
                        "persist_mode is async: a message would be acknowledged before it is"
                                + " stored",
                        "it has a subject_transform: a ledger would not be found under its subject",
                        "it is a mirror, which takes no messages");
    }

    @Test
    void streamOfWhichOnlyTheLastMessageIsOfUseMustTakeANewOne() {
        var refusing =
                StreamConfiguration.builder(marks.configuration())
                        .discardNewPerSubject(true)
                        .build();

        assertThat(marks.differences(refusing))
                .containsExactly(
                        "discard_new_per_subject is true, has to be false: a new message has to"
                                + " replace the last one of its subject");
    }
}
