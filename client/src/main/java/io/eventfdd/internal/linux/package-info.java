/**
 * The system calls that eventfdd uses. This is the only package that knows how they are bound: by
 * JNA, and the calls of a signal by java.lang.foreign on a JVM that has it.
 *
 * <p>EAGAIN, EINTR and a timeout are results here; every other error is an {@link
 * io.eventfdd.internal.linux.ErrnoException} that names the call, its arguments and the errno.
 */
@NullMarked
package io.eventfdd.internal.linux;

import org.jspecify.annotations.NullMarked;
