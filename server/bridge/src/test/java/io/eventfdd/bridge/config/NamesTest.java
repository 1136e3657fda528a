package io.eventfdd.bridge.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class NamesTest {
    private static final String LONGEST = "n".repeat(128);

    @Test
    void dotsOfNamesAreEscapedSoThatANameIsOneToken() {
        assertThat(Names.exportSubject("s.orders", "db-1.example"))
                .isEqualTo("s.orders.db-1%2Eexample");
        assertThat(Names.messageId("s", "db.1", "a..b.", 17, 3))
                .isEqualTo("s.db%2E1.a%2E%2Eb%2E.17.3");
    }

    @Test
    void noTwoMessagesHaveOneId() {
        assertThat(Names.messageId("s", "a.b", "c", 1, 2))
                .isNotEqualTo(Names.messageId("s.a", "b", "c", 1, 2))
                .isNotEqualTo(Names.messageId("s", "a", "b.c", 1, 2));
        assertThat(Names.messageId("s", "a", "b", 1, 2))
                .isNotEqualTo(Names.messageId("t", "a", "b", 1, 2))
                .isNotEqualTo(Names.messageId("s", "a", "b", 12, 2));
    }

    @Test
    void keysAreTheSameEachTimeAndOfCharactersThatADoneKeyMayHave() {
        var id = Names.messageId("s", LONGEST, LONGEST, Long.MAX_VALUE, Long.MAX_VALUE);
        assertThat(Names.readKey(id)).isEqualTo(Names.readKey(id)).matches("[A-Za-z0-9_-]{1,255}");
        assertThat(Names.writeKey("S", LONGEST, id))
                .isEqualTo(Names.writeKey("S", LONGEST, id))
                .matches("[A-Za-z0-9_-]{1,255}");
    }

    @Test
    void keyOfAWriteIsTheImportersOwn() {
        assertThat(Names.writeKey("S", "a", "1"))
                .isNotEqualTo(Names.writeKey("S", "b", "1"))
                .isNotEqualTo(Names.writeKey("T", "a", "1"))
                .isNotEqualTo(Names.readKey("1"));
    }
}
