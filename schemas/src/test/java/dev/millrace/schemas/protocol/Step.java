package dev.millrace.schemas.protocol;

import java.util.function.Supplier;

/**
 * Something that can happen.
 *
 * @param due whether it happens sooner or later, if nothing else goes wrong
 */
record Step(Supplier<String> label, boolean due, State next) {}
