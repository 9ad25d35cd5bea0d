package dev.millrace.compose.faults;

import dev.millrace.schemas.event.FinishReason;
import java.util.List;

/** All that a reader gets in answer to one prompt. */
record Answer(List<Integer> ids, String text, FinishReason reason) {

    /** Of a prompt that is refused. */
    static final Answer REFUSED = new Answer(List.of(), "", FinishReason.ERROR);

    boolean beginsWith(List<Integer> prefix) {
        return ids.size() >= prefix.size() && ids.subList(0, prefix.size()).equals(prefix);
    }
}
