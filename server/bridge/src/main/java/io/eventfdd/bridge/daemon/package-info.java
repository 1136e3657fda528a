/** The eventfds of this host's daemon, by calls that can be repeated after a {@code kill -9}. */
@NullMarked
package io.eventfdd.bridge.daemon;

import org.jspecify.annotations.NullMarked;
