package dev.millrace.worker.kafka;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.JsonFields;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.worker.engine.ErrorCode;
import dev.millrace.worker.engine.PromptRefusedException;
import dev.millrace.worker.kafka.PromptDecoder.Decoded;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Prompts as people type them: the record supplies the id and the conversation where the object leaves them out, and
 * an object with a wrong field is answered with an error if it can be answered at all.
 */
final class JsonPrompt {
    private static final Set<String> ADDRESS = Set.of("id", "conversation", "replyTo");

    private JsonPrompt() {}

    static Decoded decode(ConsumerRecord<byte[], byte[]> record, ReplyForm form) throws MalformedEventException {
        UUID id = derivedId(record);
        Map<String, Object> absent = Map.of("id", id, "conversation", conversation(record, id));
        try {
            Prompt prompt = EventCodec.PROMPT.decodeJson(record.value(), new JsonFields(absent));
            return new Decoded(prompt, form, null);
        } catch (MalformedEventException e) {
            if (e.field() == null) {
                throw e;
            }
            PromptRefusedException refusal =
                    new PromptRefusedException(ErrorCode.INVALID_PROMPT, e.field(), String.valueOf(e.getMessage()));
            return new Decoded(addressOnly(record, absent), form, refusal);
        }
    }

    /** Enough of a prompt to answer it; malformed where it does not say who is to be answered, and where. */
    private static Prompt addressOnly(ConsumerRecord<byte[], byte[]> record, Map<String, Object> absent)
            throws MalformedEventException {
        Map<String, Object> neutral =
                Map.of("id", absent.get("id"), "conversation", absent.get("conversation"), "messages", List.of());
        return EventCodec.PROMPT.decodeJson(record.value(), new JsonFields(neutral, ADDRESS::contains));
    }

    /** The same whenever the record is read again. Its time tells it from one of a topic that was made anew. */
    private static UUID derivedId(ConsumerRecord<byte[], byte[]> record) {
        String place = record.topic() + "/" + record.partition() + "/" + record.offset() + "/" + record.timestamp();
        return UUID.nameUUIDFromBytes(place.getBytes(StandardCharsets.UTF_8));
    }

    /** The key where it can be a conversation's name, else one of its own. */
    private static String conversation(ConsumerRecord<byte[], byte[]> record, UUID id) {
        if (record.key() == null || record.key().length == 0) {
            return id.toString();
        }
        try {
            String key = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(record.key()))
                    .toString();
            return key.length() <= PromptPreparation.LONGEST_CONVERSATION ? key : id.toString();
        } catch (CharacterCodingException e) {
            return id.toString();
        }
    }
}
