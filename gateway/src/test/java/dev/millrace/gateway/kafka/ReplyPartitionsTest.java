package dev.millrace.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.process.ConfigurationException;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class ReplyPartitionsTest {
    @Test
    void areAllWhereNoneIsNamed() {
        assertThat(ReplyPartitions.of("replies", 3, List.of()).partitions())
                .extracting(TopicPartition::partition)
                .containsExactly(0, 1, 2);
    }

    @Test
    void spreadPromptsOverThoseThatAreNamed() {
        ReplyPartitions partitions = ReplyPartitions.of("replies", 12, List.of(4, 7, 4));

        assertThat(IntStream.range(0, 100).mapToObj(i -> partitions.choose(UUID.randomUUID())))
                .containsOnly(new TopicPartition("replies", 4), new TopicPartition("replies", 7));
        assertThat(partitions.partitions()).hasSize(2);
    }

    @Test
    void refuseOneThatDoesNotExist() {
        assertThatThrownBy(() -> ReplyPartitions.of("replies", 3, List.of(3)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("from 0 to 2");
    }
}
