/** The whole path over real parts: a broker in this JVM, workers as processes of their own, the demo model. */
@NullMarked
package dev.millrace.compose.stack;

import org.jspecify.annotations.NullMarked;
