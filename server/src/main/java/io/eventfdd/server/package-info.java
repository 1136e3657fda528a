/** The daemon: its command line, and the order in which it starts and stops. */
@NullMarked
package io.eventfdd.server;

import org.jspecify.annotations.NullMarked;
