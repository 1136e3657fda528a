package io.eventfdd.internal.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadBufferTest {
    @Test
    void oneServesReadAfterReadOfAnyEventfd() throws ErrnoException {
        var buffer = new ReadBuffer();
        try (var one = EventFd.create(0, false, true);
                var other = EventFd.create(0, true, false)) {
            for (long value = 1; value != 0; value <<= 1) {
                one.write(value);
                other.write(1);
                assertThat(one.readNow(buffer)).isEqualTo(value);
                assertThat(other.readNow(buffer)).isEqualTo(1);
                assertThat(one.readNow(buffer)).as("not the value of before").isZero();
            }
        }
    }

    @Test
    void twoAreApart() throws ErrnoException {
        var mine = new ReadBuffer();
        var yours = new ReadBuffer();
        try (var eventFd = EventFd.create(7, false, true)) {
            eventFd.readNow(mine);
            eventFd.write(9);
            eventFd.readNow(yours);
            assertThat(mine.value()).isEqualTo(7);
            assertThat(yours.value()).isEqualTo(9);
        }
    }
}
