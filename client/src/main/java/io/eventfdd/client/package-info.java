/**
 * Named eventfds for Java: {@link io.eventfdd.client.EventfddClient} opens them by name, {@link
 * io.eventfdd.client.Eventfd} reads, writes and waits.
 *
 * <p>Counts and values are unsigned 64-bit numbers in a {@code long}; {@link
 * io.eventfdd.client.Count} prints them. Every failure is an unchecked {@link
 * io.eventfdd.client.EventfddException}. Methods that may wait declare {@link
 * InterruptedException}.
 */
@NullMarked
package io.eventfdd.client;

import org.jspecify.annotations.NullMarked;
