/**
 * Eventfds as descriptors: handles, the waits on them, and {@code fd.sock}, which descriptors come
 * from.
 */
@NullMarked
package io.eventfdd.internal.raw;

import org.jspecify.annotations.NullMarked;
