/**
 * Classes that the packages of the library share: deadlines, failures, threads, and the place of
 * the daemon.
 */
@NullMarked
package io.eventfdd.internal;

import org.jspecify.annotations.NullMarked;
