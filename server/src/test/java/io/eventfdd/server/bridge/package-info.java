/** Tests of the packaged bridge between packaged daemons, over a real nats-server. */
@org.jspecify.annotations.NullMarked
package io.eventfdd.server.bridge;
