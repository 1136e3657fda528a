package io.eventfdd.server.loop;

import io.eventfdd.internal.linux.Fd;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Finds the registration that an event is for. A place in the table is used again, but with another
 * generation, so a late event of the previous registration finds nothing. Belongs to the loop's
 * thread.
 */
final class Registrations {
    private final List<@Nullable Registration> places = new ArrayList<>();
    private final Deque<Integer> free = new ArrayDeque<>();
    private long generation;

    Registration add(Fd fd, Registration.Target target) {
        int place;
        if (free.isEmpty()) {
            place = places.size();
            places.add(null);
        } else {
            place = free.pop();
        }
        var registration = new Registration(fd, target, (++generation << 32) | place);
        places.set(place, registration);
        return registration;
    }

    void remove(Registration registration) {
        int place = (int) registration.token();
        if (places.get(place) == registration) {
            places.set(place, null);
            free.push(place);
        }
    }

    void tell(long token, int events) throws IOException {
        var registration = places.get((int) token);
        if (registration != null && registration.token() == token) {
            registration.target().ready(events);
        }
    }
}
