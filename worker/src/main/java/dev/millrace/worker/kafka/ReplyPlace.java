package dev.millrace.worker.kafka;

import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Where the answer to a prompt goes.
 *
 * @param readFrom a position before which nothing about this prompt can stand; null where its sender gave none
 */
record ReplyPlace(TopicPartition partition, @Nullable Long readFrom) {

    /** The reply topics that a worker may write to, and how many partitions each has. Immutable. */
    record Directory(String defaultTopic, Map<String, Integer> partitions) {

        /**
         * The event's own field wins over the record's headers.
         *
         * @throws UnknownReplyPlaceException when the prompt asks for a place that is not in this directory
         */
        ReplyPlace placeOf(Prompt prompt, PromptHeaders headers) throws UnknownReplyPlaceException {
            ReplyAddress address = prompt.getReplyTo();
            if (address != null) {
                return place(address.getTopic(), address.getPartition(), address.getOffset(), prompt.getId());
            }
            String topic = Objects.requireNonNullElse(headers.replyTopic(), defaultTopic);
            return place(topic, headers.replyPartition(), null, prompt.getId());
        }

        private ReplyPlace place(String topic, @Nullable Integer partition, @Nullable Long offset, UUID promptId)
                throws UnknownReplyPlaceException {
            Integer count = partitions.get(topic);
            if (count == null) {
                throw new UnknownReplyPlaceException("the reply topic is not one that this worker may write to");
            }
            if (partition != null && (partition < 0 || partition >= count)) {
                throw new UnknownReplyPlaceException("the reply topic has no partition " + partition);
            }
            int chosen = partition == null ? Topics.replyPartition(promptId, count) : partition;
            return new ReplyPlace(new TopicPartition(topic, chosen), offset);
        }
    }
}
