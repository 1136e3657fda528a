/** What {@code deploy/bench/run} measures of the library; each main prints one figure. */
@NullMarked
package io.eventfdd.bench;

import org.jspecify.annotations.NullMarked;
