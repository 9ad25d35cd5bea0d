@NullMarked
package dev.millrace.worker.grammar;

import org.jspecify.annotations.NullMarked;
