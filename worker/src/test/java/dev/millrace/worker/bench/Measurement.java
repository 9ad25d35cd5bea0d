package dev.millrace.worker.bench;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What became of a load.
 *
 * @param decodeNanos from the first token of every completion to the last of all; 0 where the peer cannot tell
 * @param nanos from the prompts to the last token
 * @param ids of the tokens, completion after completion; empty where the peer does not tell
 */
record Measurement(long decodeNanos, long nanos, List<Integer> ids) {
    static final Measurement NONE = new Measurement(0, 0, List.of());

    /** One after the other. */
    Measurement and(Measurement next) {
        return new Measurement(
                decodeNanos + next.decodeNanos,
                nanos + next.nanos,
                Stream.concat(ids.stream(), next.ids.stream()).toList());
    }

    String line() {
        return decodeNanos + " " + nanos + ids.stream().map(id -> " " + id).collect(Collectors.joining());
    }

    static Measurement parse(String line) {
        List<String> words = List.of(line.split(" "));
        return new Measurement(
                Long.parseLong(words.get(0)),
                Long.parseLong(words.get(1)),
                words.stream().skip(2).map(Integer::valueOf).toList());
    }
}
