package dev.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.UUID;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicsTest {
    @Test
    void everyNameTakesThePrefix() {
        Topics topics = new Topics("blue.");

        assertThat(topics.prompts()).isEqualTo("blue.prompts");
        assertThat(topics.replies()).isEqualTo("blue.replies");
        assertThat(topics.controls()).isEqualTo("blue.controls");
        assertThat(topics.completions()).isEqualTo("blue.completions");
        assertThat(topics.workers()).isEqualTo("blue.workers");
        assertThat(topics.attendance()).isEqualTo("blue.attendance");
        assertThat(topics.turns()).isEqualTo("blue.turns");
        assertThat(topics.conversations()).isEqualTo("blue.conversations");
        assertThat(topics.deadLetters()).isEqualTo("blue.prompts.dlt");
        assertThat(new Topics("").prompts()).isEqualTo("prompts");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "a/", "ä", "a\n", "a:"})
    void refusesAPrefixThatKafkaWould(String prefix) {
        assertThatThrownBy(() -> new Topics(prefix)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesAPrefixThatMakesANameTooLong() {
        int left = 249 - "conversations".length();

        assertThat(new Topics("x".repeat(left)).conversations()).hasSize(249);
        assertThatThrownBy(() -> new Topics("x".repeat(left + 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("too long");
    }

    @Test
    void repliesGoWhereAPlainProducerWouldSendThem() {
        Random random = new Random(7);

        for (int partitions = 1; partitions < 200; partitions++) {
            UUID id = new UUID(random.nextLong(), random.nextLong());
            byte[] key = id.toString().getBytes(StandardCharsets.UTF_8);
            assertThat(Topics.replyPartition(id, partitions))
                    .isEqualTo(BuiltInPartitioner.partitionForKey(key, partitions));
        }
    }

    /** Fixed, so that a change in Kafka's library would show: other partitions would strand running prompts. */
    @Test
    void replyPartitionsStayWhereTheyAre() {
        assertThat(Topics.replyPartition(Events.PROMPT_ID, 1_000_000)).isEqualTo(911_587);
    }
}
