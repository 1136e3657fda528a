package io.eventfdd.client;

/**
 * What a wait or a read found of one eventfd.
 *
 * @param name which
 * @param value the count that was seen, or the value that was taken (unsigned)
 */
public record Signal(EventfdName name, long value) {
    @Override
    public String toString() {
        return name + "=" + Count.toString(value);
    }
}
