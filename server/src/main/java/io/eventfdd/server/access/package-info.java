/**
 * Who may do what: the mode bits of an eventfd against the credentials of a peer. Pure; for all
 * threads.
 */
@NullMarked
package io.eventfdd.server.access;

import org.jspecify.annotations.NullMarked;
