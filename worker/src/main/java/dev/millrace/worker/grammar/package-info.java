/**
 * What a completion may be, from what a prompt asks for: GBNF or a JSON schema is read into expressions, and these are
 * compiled to the {@link dev.millrace.worker.llama.Grammar} that the device keeps to.
 *
 * <p>Everything here is stateless or belongs to one call, on whatever thread prepares the prompt. Whatever is hostile
 * ends in a {@link dev.millrace.worker.grammar.GrammarException}: sizes and depths are bounded. Imports {@code llama}
 * and Jackson.
 */
@NullMarked
package dev.millrace.worker.grammar;

import org.jspecify.annotations.NullMarked;
