package io.eventfdd.client;

/**
 * The result of a wait or a read on one eventfd.
 *
 * <pre>{@code
 * orders.write(2);
 * for (Signal signal : client.readAny(List.of(orders), Duration.ZERO)) {
 *     System.out.println(signal); // orders=2
 * }
 * }</pre>
 *
 * @param name the name of the eventfd
 * @param value the count that was seen, or the value that was taken (unsigned)
 */
public record Signal(EventfdName name, long value) {
    @Override
    public String toString() {
        return name + "=" + Count.toString(value);
    }
}
