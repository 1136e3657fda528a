package io.eventfdd.server;

/** The same holds for integration tests, which another plugin runs. */
class TimeLimitIT extends TimeLimitTest {}
