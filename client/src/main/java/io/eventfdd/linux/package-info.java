/**
 * The kernel's calls that eventfdd is made of, and the only package that knows JNA.
 *
 * <p>EAGAIN, EINTR and a timeout are results here; every other error is an {@link
 * io.eventfdd.linux.ErrnoException} that names the call, its arguments and the errno.
 */
@NullMarked
package io.eventfdd.linux;

import org.jspecify.annotations.NullMarked;
