/**
 * Eventfds as descriptors: their handles, the waits on them, and the connection to {@code fd.sock},
 * from which the descriptors come.
 */
@NullMarked
package io.eventfdd.internal.raw;

import org.jspecify.annotations.NullMarked;
