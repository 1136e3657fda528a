/**
 * Idempotency keys and the answers that are kept for them: how a call that is repeated gets its
 * first answer again, and what becomes of a value that no client took. This package knows answers,
 * but neither connections nor HTTP.
 */
@NullMarked
package io.eventfdd.server.idempotency;

import org.jspecify.annotations.NullMarked;
