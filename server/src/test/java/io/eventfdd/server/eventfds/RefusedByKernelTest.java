package io.eventfdd.server.eventfds;

import static io.eventfdd.server.eventfds.LoopUnderTest.LONG;
import static io.eventfdd.server.eventfds.LoopUnderTest.name;
import static io.eventfdd.server.eventfds.LoopUnderTest.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;

import io.eventfdd.client.Count;
import io.eventfdd.client.EventfdName;
import io.eventfdd.client.ProblemType;
import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.ReadBuffer;
import io.eventfdd.internal.wire.OpenRequest;
import io.eventfdd.internal.wire.ProblemException;
import io.eventfdd.internal.wire.ReadRequest;
import io.eventfdd.internal.wire.WaitRequest;
import io.eventfdd.internal.wire.WaitRequest.Mode;
import io.eventfdd.internal.wire.WriteManyRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/**
 * An eventfd of which the kernel refuses every system call: its descriptor has come to lead to
 * something else. The calls on it fail; the loop, and all others, go on.
 */
@Timeout(300)
class RefusedByKernelTest {
    private static final NativeLibrary LIBC = NativeLibrary.getProcess();
    private static final Function OPEN = LIBC.getFunction("open");
    private static final Function DUP2 = LIBC.getFunction("dup2");
    private static final Function CLOSE = LIBC.getFunction("close");
    private static final int PATH_ONLY = 010000000;

    private LoopUnderTest it;
    private EventfdName name;
    private EventfdName other;
    private Caller client;
    private Fd holder;

    @BeforeEach
    void start() throws Exception {
        it = new LoopUnderTest();
        client = it.client().caller();
        name = it.counter("broken");
        other = it.counter("sound");
    }

    @AfterEach
    void theLoopGoesOn() throws Exception {
        assertThat(it.write(other, 2)).isTrue();
        assertThat(it.read(other)).isEqualTo(2);
        it.eventfds.delete(name, client);
        it.counter("broken");
        assertThat(it.write(name, 1)).isTrue();
        it.close();
        if (holder != null) {
            holder.close();
        }
    }

    private List<Fd> open() {
        var opened = new CompletableFuture<List<Fd>>();
        it.loop.submit(() -> {
            try {
                var request = new OpenRequest(List.of(OpenRequest.Entry.of(name)));
                opened.complete(it.eventfds.handouts().open(request, client).fds());
            } catch (ProblemException e) {
                opened.completeExceptionally(e);
            }
        });
        return result(opened);
    }

    /** From now on the daemon's descriptor is one of a directory, opened with O_PATH. */
    private void breakIt() throws Exception {
        breakIt(PATH_ONLY);
    }

    private void breakIt(int flags) throws Exception {
        var own = open().getFirst();
        holder = own.duplicate();
        int nothing = OPEN.invokeInt(new Object[] {"/", flags});
        DUP2.invokeInt(new Object[] {nothing, own.number()});
        CLOSE.invokeInt(new Object[] {nothing});
    }

    private CompletableFuture<?> waiting(Callable<?> call) {
        return it.waiting(name, 1, call::call);
    }

    private void holderWrites() throws Exception {
        assertThat(EventFd.adopt(holder).write(1)).isTrue();
    }

    @Test
    void aReadThatWaitsEnds() throws Exception {
        var read =
                waiting(() -> it.eventfds.read(name, new ReadRequest(LONG), it.client().caller()));
        breakIt();
        holderWrites();
        assertRefused(read);
    }

    @Test
    void aWaitEnds() throws Exception {
        var wait = waiting(() -> it.eventfds.await(name, LONG, it.client().caller()));
        breakIt();
        holderWrites();
        assertRefused(wait);
    }

    @Test
    void aWriteThatWaitsForRoomEnds() throws Exception {
        it.write(name, Count.MAX);
        var write = waiting(() -> it.eventfds.write(name, 1, LONG, it.client().caller()));
        breakIt();
        EventFd.adopt(holder).readNow(new ReadBuffer());
        assertRefused(write);
    }

    @Test
    void callsOnManyEndAndTheOthersAreWhatTheyWere() throws Exception {
        breakIt();
        it.write(other, 4);
        assertRefused(
                it.inBackground(() ->
                        it.eventfds.write(
                                new WriteManyRequest(
                                        List.of(
                                                new WriteManyRequest.Entry(other, 1),
                                                new WriteManyRequest.Entry(name, 1)),
                                        LONG),
                                it.client().caller())));
        assertThat(it.read(other)).isEqualTo(4);
    }

    /** A directory always has room for poll(2), and none for write(2). */
    @Test
    void ofAWriteToManyTheOthersHaveTheirValuesAndTheAnswerSaysSo() throws Exception {
        breakIt(0);
        var third = it.counter("third");
        assertThatThrownBy(() ->
                        it.eventfds.write(
                                new WriteManyRequest(
                                        List.of(
                                                new WriteManyRequest.Entry(other, 4),
                                                new WriteManyRequest.Entry(name, 1),
                                                new WriteManyRequest.Entry(third, 5)),
                                        LONG),
                                it.client().caller()))
                .satisfies(RefusedByKernelTest::isInternal)
                .hasMessageContaining("eventfd broken")
                .hasMessageContaining("the other values were added");
        assertThat(it.read(other)).isEqualTo(4);
        assertThat(it.read(third)).isEqualTo(5);
    }

    @Test
    void aWaitForAnyOfManyIsServedByTheOthers() throws Exception {
        var request = new WaitRequest(List.of(name, name("sound")), Mode.ANY, true, LONG);
        var wait = waiting(() -> it.eventfds.await(request, it.client().caller()).orElseThrow());
        breakIt();
        holderWrites();
        it.write(other, 3);
        assertThat(result(wait)).hasToString("[sound=3]");
    }

    /** A directory is always readable to poll(2), and never to read(2). */
    @Test
    void whatAWaitOnManyTookOfTheOthersGoesBack() throws Exception {
        it.write(other, 4);
        breakIt(0);
        var request = new WaitRequest(List.of(other, name), Mode.ANY, true, LONG);
        assertRefused(it.inBackground(() -> it.eventfds.await(request, it.client().caller())));
        assertThat(it.read(other)).isEqualTo(4);
    }

    /** It is not looked at on its arrival, and epoll(7) watches no directory. */
    @Test
    void aReadThatLetsAnEarlierOneGoFirstEnds() throws Exception {
        breakIt(0);
        var request = new WaitRequest(List.of(other, name), Mode.ALL, true, LONG);
        var earlier = it.waiting(other, 1, () -> it.eventfds.await(request, it.client().caller()));
        assertRefused(
                it.inBackground(
                        () -> it.eventfds.read(name, new ReadRequest(LONG), it.client().caller())));
        assertRefused(earlier);
    }

    @Test
    void itsDescriptorIsNotHandedOut() throws Exception {
        breakIt();
        assertThatThrownBy(this::open).cause().satisfies(RefusedByKernelTest::isInternal);
    }

    private static void assertRefused(CompletableFuture<?> call) {
        assertThatThrownBy(() -> result(call)).cause().satisfies(RefusedByKernelTest::isInternal);
    }

    private static void isInternal(Throwable thrown) {
        assertThat(thrown)
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> assertThat(e.problem().type()).isEqualTo(ProblemType.INTERNAL));
    }
}
