/**
 * The bridge: links between eventfds of this host and streams of NATS JetStream, as {@code
 * server/BRIDGE.md} describes them.
 */
@NullMarked
package io.eventfdd.bridge;

import org.jspecify.annotations.NullMarked;
