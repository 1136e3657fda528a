/** What tests speak to the daemon with. */
@NullMarked
package io.eventfdd.server.testing;

import org.jspecify.annotations.NullMarked;
