package io.eventfdd.server.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.eventfdd.internal.linux.EventFd;
import io.eventfdd.internal.linux.Fd;
import io.eventfdd.internal.linux.InheritedFds.Inherited;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

class InheritanceTest {
    private static final Path DIRECTORY = Path.of("/nowhere");

    private static Inherited given(String name) {
        try {
            return new Inherited(name, EventFd.create(0, false, true).fd());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void eachHasItsPlaceByItsName() {
        var all = List.of(given("e2s"), given("fd"), given("e1"), given("api"));
        var inheritance = Inheritance.of(all, DIRECTORY);
        assertThat(inheritance.api()).contains(all.get(3).fd());
        assertThat(inheritance.fd()).contains(all.get(1).fd());
        assertThat(inheritance.eventfds())
                .containsOnlyKeys(1L, 100L)
                .containsEntry(100L, all.get(0).fd())
                .containsEntry(1L, all.get(2).fd());
        assertThat(inheritance.ownsSockets()).as("they are the service manager's").isFalse();
        assertThat(all).extracting(Inherited::fd).noneMatch(Fd::isClosed);
        all.forEach(one -> one.fd().close());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "unknown", "eventfdd.socket", "API", "e", "e!", "x1"})
    void whatNobodyKnowsIsClosed(String name) {
        var one = given(name);
        var inheritance = Inheritance.of(List.of(one), DIRECTORY);
        assertThat(one.fd().isClosed()).isTrue();
        assertThat(inheritance.api()).isEmpty();
        assertThat(inheritance.fd()).isEmpty();
        assertThat(inheritance.eventfds()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"api", "fd", "e1"})
    void theSecondOfANameIsClosed(String name) {
        var first = given(name);
        var second = given(name);
        Inheritance.of(List.of(first, second), DIRECTORY);
        assertThat(first.fd().isClosed()).isFalse();
        assertThat(second.fd().isClosed()).isTrue();
        first.fd().close();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 35, 36, Long.MAX_VALUE})
    void theNameOfANumberIsShortAndLeadsBack(long id) {
        assertThat(Inheritance.Name.of(id)).matches("e[0-9a-z]{1,13}");
        assertThat(Inheritance.Name.parse(Inheritance.Name.of(id))).contains(id);
    }
}
