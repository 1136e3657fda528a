package io.eventfdd.server.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eventfdd.internal.linux.Fd;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

class RegistrationsTest {
    private static final Fd SOME = Fd.borrow(0);

    private final Registrations registrations = new Registrations();
    private final List<String> told = new ArrayList<>();

    private Registration add(String name) {
        return registrations.add(SOME, events -> told.add(name + events));
    }

    @Test
    void eachIsToldOfItsOwnEvents() throws IOException {
        var a = add("a");
        var b = add("b");
        registrations.tell(b.token(), 4);
        registrations.tell(a.token(), 1);
        assertThat(told).containsExactly("b4", "a1");
    }

    @Test
    void whatIsRemovedIsToldNothing() throws IOException {
        var a = add("a");
        var b = add("b");
        registrations.remove(a);
        registrations.tell(a.token(), 1);
        registrations.tell(b.token(), 1);
        assertThat(told).containsExactly("b1");
    }

    @Test
    void whoTakesThePlaceOfAnotherIsNotToldItsLateEvents() throws IOException {
        var a = add("a");
        registrations.remove(a);
        var b = add("b");
        assertThat((int) b.token()).as("the same place").isEqualTo((int) a.token());
        registrations.tell(a.token(), 1);
        assertThat(told).isEmpty();
        registrations.tell(b.token(), 1);
        assertThat(told).containsExactly("b1");
    }

    @Test
    void removingASecondTimeHarmsNobody() throws IOException {
        var a = add("a");
        registrations.remove(a);
        var b = add("b");
        registrations.remove(a);
        var c = add("c");
        registrations.tell(b.token(), 1);
        registrations.tell(c.token(), 1);
        assertThat(told).containsExactly("b1", "c1");
    }

    @Test
    void noTokenComesASecondTime() {
        var tokens = new HashSet<Long>();
        for (int i = 0; i < 1000; i++) {
            var one = add("one");
            var other = add("other");
            assertThat(tokens.add(one.token())).isTrue();
            assertThat(tokens.add(other.token())).isTrue();
            registrations.remove(one);
            if (i % 3 == 0) {
                registrations.remove(other);
            }
        }
    }

    @Test
    void oneThatIsToldMayRemoveItselfAndAddAnother() throws IOException {
        var registered = new ArrayList<Registration>();
        registered.add(
                registrations.add(
                        SOME,
                        events -> {
                            registrations.remove(registered.getFirst());
                            registered.add(add("next"));
                        }));
        registrations.tell(registered.getFirst().token(), 1);
        registrations.tell(registered.getFirst().token(), 1);
        assertThat(told).isEmpty();
        registrations.tell(registered.getLast().token(), 1);
        assertThat(told).containsExactly("next1");
    }

    @Test
    void whatATargetThrowsIsTheLoopsToJudge() {
        var broken =
                registrations.add(
                        SOME,
                        events -> {
                            throw new IOException("broken");
                        });
        assertThatThrownBy(() -> registrations.tell(broken.token(), 1))
                .isInstanceOf(IOException.class)
                .hasMessage("broken");
    }
}
