package io.eventfdd.bridge.nats;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.client.Count;
import io.nats.client.impl.Headers;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;

@Timeout(300)
class EntryTest {
    private static String body(Entry entry) {
        return new String(entry.body(), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 1L << 53, Long.MAX_VALUE, Long.MIN_VALUE, Count.MAX})
    void messageCarriesAnyValueThatAnEventfdCanHave(long value) {
        var entry = Entry.signals("id", 7, 7, value, 0, "daemon");

        assertThat(body(entry)).isEqualTo("{\"value\":" + Long.toUnsignedString(value) + "}");
        assertThat(entry.value()).hasValue(value);
        assertThat(entry.applied()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"7, 7, 0", "7, 3, 12", "7, 3, -2"})
    void placeOfTheMessageTravelsInHeaders(long number, long read, long left) {
        var sent = Entry.signals("id", number, read, 1, left, "daemon");
        var received = Entry.of(sent.headers().add("Nats-Msg-Id", "id"), sent.body());

        assertThat(received.number()).isEqualTo(number);
        assertThat(received.read()).isEqualTo(read);
        assertThat(received.left()).isEqualTo(left);
        assertThat(received.isSameAs(sent)).isTrue();
    }

    @Test
    void messageIsAnotherIfMoreIsLeftBehindIt() {
        var entry = Entry.signals("id", 7, 3, 1, 4, "daemon");

        assertThat(entry.isSameAs(Entry.signals("id", 7, 3, 1, 4, "another"))).isTrue();
        assertThat(entry.isSameAs(Entry.signals("id", 7, 3, 1, 0, "daemon"))).isFalse();
        assertThat(entry.isSameAs(Entry.signals("id", 7, 2, 1, 4, "daemon"))).isFalse();
    }

    @Test
    void messageThatDoesNotSayOtherwiseIsAllThatItsReadTook() {
        var headers = new Headers().add("Nats-Msg-Id", "id").add("Eventfdd-Seq", "7");
        var received = Entry.of(headers, null);

        assertThat(received.read()).isEqualTo(7);
        assertThat(received.left()).isZero();
    }

    @Test
    void markSaysHowFarAnImporterHasCome() {
        var mark = Entry.mark(12, 0, 3, "me", "daemon");

        assertThat(mark.applied()).isEqualTo(12);
        assertThat(mark.isOf(3)).isTrue();
        assertThat(mark.isOf(4)).as("in a stream that was created anew").isFalse();
        assertThat(mark.value()).isEmpty();
        assertThat(mark.adding()).isZero();
        assertThat(mark.isSameAs(Entry.mark(12, 0, 3, "me", "daemon"))).isTrue();
        assertThat(mark.isSameAs(Entry.mark(12, 0, 3, "you", "daemon"))).isFalse();
    }

    @Test
    void markSaysWhichWriteIsStillToCome() {
        var mark = Entry.mark(12, 5, 3, "me", "daemon");

        assertThat(mark.adding()).isEqualTo(5);
        assertThat(mark.isSameAs(Entry.mark(12, 0, 3, "me", "daemon"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "3",
                "[]",
                "{\"value\":0}",
                "{\"value\":-1}",
                "{\"value\":18446744073709551615}",
                "{\"value\":1.5}",
                "{\"value\":null}",
                "\u0000"
            })
    void whatNoBridgeCanHavePublishedHasNoValue(String body) {
        var entry =
                Entry.of(
                        new Headers().add("Nats-Msg-Id", "id"),
                        body.getBytes(StandardCharsets.UTF_8));

        assertThat(entry.value()).isEmpty();
    }

    @Test
    void messageWithoutHeadersHasNoId() {
        assertThat(Entry.of(null, null).id()).isNull();
        assertThat(Entry.of(new Headers().add("Eventfdd-Seq", "x"), null).number()).isZero();
    }
}
