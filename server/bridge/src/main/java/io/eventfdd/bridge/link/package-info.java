/** The links: one class for each way in which signals move, and the thread that moves them. */
@NullMarked
package io.eventfdd.bridge.link;

import org.jspecify.annotations.NullMarked;
