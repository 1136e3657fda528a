/**
 * The file {@code links.yaml}: what it may say, as values, its parser, and the names in NATS and at
 * the daemon that follow from it.
 */
@NullMarked
package io.eventfdd.bridge.config;

import org.jspecify.annotations.NullMarked;
