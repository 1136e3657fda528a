/** The settings: one table of keys, defaults and ranges, and the places that they are read from. */
@NullMarked
package io.eventfdd.server.config;

import org.jspecify.annotations.NullMarked;
