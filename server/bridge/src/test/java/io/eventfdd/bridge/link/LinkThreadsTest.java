package io.eventfdd.bridge.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.bridge.status.LinkStatus;
import io.eventfdd.bridge.status.LinkStatus.Condition;

import org.junit.jupiter.api.Test;

class LinkThreadsTest {
    private final LinkStatus status = new LinkStatus("export orders");
    private boolean isClosed;

    private LinkTask failingWith(Error failure) {
        return new LinkTask() {
            @Override
            public void run() {
                throw failure;
            }

            @Override
            public void close() {
                isClosed = true;
            }
        };
    }

    @Test
    void aLinkWithoutMemoryHasFailedAndIsNotSilent() {
        LinkThreads.run(failingWith(new OutOfMemoryError("no heap")), status, () -> false);
        assertThat(status.condition()).isEqualTo(Condition.FAILED);
        assertThat(status.reason()).hasValueSatisfying(it -> assertThat(it).contains("no heap"));
        assertThat(isClosed).isTrue();
    }

    @Test
    void aLinkThatIsToEndHasNotFailed() {
        LinkThreads.run(failingWith(new StackOverflowError()), status, () -> true);
        assertThat(status.condition()).isEqualTo(Condition.STARTING);
    }
}
