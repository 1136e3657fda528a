/**
 * The commands of {@code eventfdd} besides {@code serve}: each a thin layer over the client
 * library.
 */
@NullMarked
package io.eventfdd.server.cli;

import org.jspecify.annotations.NullMarked;
