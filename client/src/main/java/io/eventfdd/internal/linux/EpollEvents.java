package io.eventfdd.internal.linux;

import static io.eventfdd.internal.linux.Libc.LIBC;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

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
    private final ByteBuffer memory;
    private final long address;

    EpollEvents(Layout layout, int capacity) {
        this.layout = layout;
        this.capacity = capacity;
        this.memory =
                ByteBuffer.allocateDirect(layout.size() * capacity).order(ByteOrder.nativeOrder());
        this.address = LIBC.address(memory);
    }

    Layout layout() {
        return layout;
    }

    int capacity() {
        return capacity;
    }

    long address() {
        return address;
    }

    int events(int index) {
        return memory.getInt(index * layout.size());
    }

    long data(int index) {
        return memory.getLong(index * layout.size() + layout.data());
    }

    void set(int events, long data) {
        memory.putInt(0, events);
        memory.putLong(layout.data(), data);
    }
}
