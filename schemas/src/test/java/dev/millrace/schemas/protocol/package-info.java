/**
 * The delivery protocol as a model, and a checker that walks through everything that can happen in it within bounds.
 * Start with {@link dev.millrace.schemas.protocol.Protocol}: it is the specification; docs/protocol.md tells it in
 * prose. {@link dev.millrace.schemas.protocol.Rule} lists what may be switched off, which the checker must notice.
 *
 * <p>Every state is immutable, and readers are the real {@link dev.millrace.schemas.ReplyStream}.
 */
@NullMarked
package dev.millrace.schemas.protocol;

import org.jspecify.annotations.NullMarked;
