package io.eventfdd.internal.linux;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;

/**
 * An array of {@code struct epoll_event { uint32_t events; epoll_data_t data; }}, which is packed
 * on x86_64 only.
 *
 * @see <a
 *     href="https://man7.org/linux/man-pages/man3/epoll_event.3type.html">epoll_event(3type)</a>
 */
final class EpollEvents {
    /**
     * Where the members lie.
     *
     * @param size bytes of one event
     * @param data offset of {@code data}
     */
    record Layout(int size, int data) {
        static Layout of(String architecture) {
            return switch (architecture) {
                case "amd64", "x86_64" -> new Layout(12, 4);
                default -> new Layout(16, 8);
            };
        }

        static Layout ofThisMachine() {
            return of(System.getProperty("os.arch"));
        }
    }

    private final Layout layout;
    private final int capacity;
    private final Memory memory;

    EpollEvents(Layout layout, int capacity) {
        this.layout = layout;
        this.capacity = capacity;
        this.memory = new Memory((long) layout.size() * capacity);
    }

    Layout layout() {
        return layout;
    }

    int capacity() {
        return capacity;
    }

    long address() {
        return Pointer.nativeValue(memory);
    }

    int events(int index) {
        return memory.getInt((long) index * layout.size());
    }

    long data(int index) {
        return memory.getLong((long) index * layout.size() + layout.data());
    }

    void set(int events, long data) {
        memory.setInt(0, events);
        memory.setLong(layout.data(), data);
    }
}
