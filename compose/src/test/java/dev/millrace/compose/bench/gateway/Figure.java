package dev.millrace.compose.bench.gateway;

import java.util.Locale;

/**
 * One of what the benchmark tells.
 *
 * @param name for scripts, with its unit
 * @param meaning for readers
 * @param aim empty: none
 */
record Figure(String name, double value, String meaning, String aim) {
    String line() {
        return "GATEWAY " + name + " " + number();
    }

    String number() {
        return String.format(Locale.ROOT, value < 100 ? "%.2f" : "%.0f", value);
    }
}
