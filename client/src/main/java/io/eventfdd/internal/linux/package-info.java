/**
 * The system calls that eventfdd uses. This is the only package that knows how they are bound: by
 * JNA, and the calls of a signal by java.lang.foreign on a JVM that has it.
 *
 * <p>EAGAIN, EINTR and a timeout are results here; every other error is an {@link
 * io.eventfdd.internal.linux.ErrnoException} that names the call, its arguments and the errno.
 *
 * <p>All supported machines, x86-64 and aarch64, are little-endian and have 64-bit longs. The
 * structs here that are written as bytes or as numbers rely on that.
 */
@NullMarked
package io.eventfdd.internal.linux;

import org.jspecify.annotations.NullMarked;
