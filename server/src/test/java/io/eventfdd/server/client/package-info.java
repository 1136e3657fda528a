/** The client library against the whole daemon: each test over both transports. */
@NullMarked
package io.eventfdd.server.client;

import org.jspecify.annotations.NullMarked;
