package dev.millrace.gateway.dialect;

import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A request's place in a conversation whose history Kafka keeps. Immutable.
 *
 * @param conversation that goes on from it by its name; null: none
 * @param store whether it is kept, so that another one may go on from it
 * @param previous the id of the response that it goes on from
 * @param includeHistory whether the model sees the turns before
 * @param instructions of this turn alone: no later one takes them over
 * @param messages all turns so far without instructions, this one's last: what is kept
 */
public record Turn(
        @Nullable UUID conversation,
        boolean store,
        @Nullable String previous,
        boolean includeHistory,
        @Nullable Message instructions,
        List<Message> messages) {
    private static final int MOST_MESSAGES = 1024;
    private static final int MOST_BYTES = 1 << 20;

    /** Of a request that says all itself. */
    static Turn alone(List<Message> messages) {
        return new Turn(null, false, null, true, null, messages);
    }

    /** The same as a part of this conversation, which keeps it. */
    Turn in(UUID conversation) throws BadEventException {
        requireRoom();
        return new Turn(conversation, true, previous, includeHistory, instructions, messages);
    }

    /** The same behind the turns before it. */
    Turn after(List<Message> history, String answer) throws BadEventException {
        Stream<Message> answered = answer.isEmpty() ? Stream.of() : Stream.of(new Message(Role.ASSISTANT, answer));
        Turn joined = new Turn(
                conversation,
                store,
                previous,
                includeHistory,
                instructions,
                behindOneSystemPart(
                        messages, Stream.concat(history.stream(), answered).toList()));
        joined.requireRoom();
        return joined;
    }

    /** What the model sees where it sees all. */
    List<Message> prompt() {
        return instructions == null ? messages : behindOneSystemPart(List.of(instructions), messages);
    }

    /** A prompt has one system part: of two the later one's. */
    private static List<Message> behindOneSystemPart(List<Message> later, List<Message> earlier) {
        if (later.get(0).getRole() != Role.SYSTEM) {
            return Stream.concat(earlier.stream(), later.stream()).toList();
        }
        List<Message> all = new ArrayList<>(earlier);
        all.removeIf(message -> message.getRole() == Role.SYSTEM);
        all.add(0, later.get(0));
        all.addAll(later.subList(1, later.size()));
        return List.copyOf(all);
    }

    void requireRoom() throws BadEventException {
        long bytes = prompt().stream()
                .mapToLong(message -> Utf8.length(message.getContent()))
                .sum();
        if (messages.size() > MOST_MESSAGES || bytes > MOST_BYTES) {
            throw new BadEventException(
                    ErrorCode.CONVERSATION_TOO_LARGE,
                    "input",
                    "a conversation that is kept may have " + MOST_MESSAGES + " messages and " + MOST_BYTES
                            + " bytes together");
        }
    }
}
