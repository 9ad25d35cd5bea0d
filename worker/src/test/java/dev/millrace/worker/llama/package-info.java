@NullMarked
package dev.millrace.worker.llama;

import org.jspecify.annotations.NullMarked;
