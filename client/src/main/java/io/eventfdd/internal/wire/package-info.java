/**
 * The messages between clients and daemon: names, specs, counts, durations, problems and the bodies
 * that carry them.
 *
 * <p>No I/O and no native code; everything here is immutable and free of threads.
 */
@NullMarked
package io.eventfdd.internal.wire;

import org.jspecify.annotations.NullMarked;
