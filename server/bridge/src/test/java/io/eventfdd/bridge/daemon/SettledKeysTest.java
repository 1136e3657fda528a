package io.eventfdd.bridge.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

@Timeout(300)
class SettledKeysTest {
    private final AtomicLong now = new AtomicLong(-5);
    private final SettledKeys keys = new SettledKeys(now::get);

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private static List<String> named(String prefix, int count) {
        return IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
    }

    @Test
    void firstKeysAfterAStartAreHeldBackSinceAnEarlierBridgeMayHaveUsedThem() {
        keys.add(named("a", SettledKeys.MOST_AT_ONCE));
        keys.add(List.of("b"));

        assertThat(keys.next()).containsExactly("b");
        pass(SettledKeys.UNREAD);
        assertThat(keys.next()).contains("b", "a0", "a62").hasSize(SettledKeys.MOST_AT_ONCE);
    }

    @Test
    void theyAreHeldBackFromTheFirstAnswerOnSinceADaemonThatIsStoppedReadsNothing() {
        pass(SettledKeys.UNREAD);
        keys.begin();
        keys.add(List.of("a"));

        assertThat(keys.next()).isEmpty();
        pass(SettledKeys.UNREAD);
        assertThat(keys.next()).containsExactly("a");
    }

    @Test
    void keyOfARequestThatWasCutOffIsHeldBack() {
        pass(SettledKeys.UNREAD);
        keys.cutOff("a");
        pass(Duration.ofSeconds(1));
        assertThat(keys.hold("a")).isEqualTo(Duration.ofSeconds(9));
        assertThat(keys.hold("b")).isZero();
        keys.add(List.of("a", "b"));

        assertThat(keys.next()).containsExactly("b");
        pass(Duration.ofSeconds(9));
        assertThat(keys.next()).containsExactly("b", "a");
    }

    @Test
    void keysAreNamedAgainUntilTheDaemonHasAnswered() {
        pass(SettledKeys.UNREAD);
        keys.add(List.of("a"));
        var named = keys.next();
        keys.add(List.of("b"));

        assertThat(named).containsExactly("a");
        assertThat(keys.next()).containsExactly("a", "b");
        keys.told(named);
        assertThat(keys.next()).containsExactly("b");
    }

    @Test
    void oneRequestNamesNoMoreThanItsHeadersHaveRoomFor() {
        pass(SettledKeys.UNREAD);
        keys.add(named("a", 100));

        var first = keys.next();
        assertThat(first).hasSize(SettledKeys.MOST_AT_ONCE);
        keys.told(first);
        assertThat(keys.next()).hasSize(36);
    }
}
