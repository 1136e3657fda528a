/**
 * The runtime directory and the sockets in it: where they are, whose they are, and that they are no
 * one else's.
 */
@NullMarked
package io.eventfdd.server.runtime;

import org.jspecify.annotations.NullMarked;
