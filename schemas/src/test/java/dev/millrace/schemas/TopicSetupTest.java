package dev.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;

class TopicSetupTest {
    private static final Map<String, String> SOUND =
            Map.of("message.timestamp.type", "LogAppendTime", "retention.ms", "-1");

    private final FakeCluster cluster = new FakeCluster();
    private final Topics topics = new Topics("blue.");

    @Test
    void createsWhatIsMissing() {
        ensure();

        assertThat(cluster.topics)
                .containsOnlyKeys(
                        "blue.prompts",
                        "blue.replies",
                        "blue.controls",
                        "blue.completions",
                        "blue.workers",
                        "blue.attendance",
                        "blue.turns",
                        "blue.conversations",
                        "blue.prompts.dlt");
        assertThat(cluster.topics)
                .allSatisfy((name, topic) -> assertThat(topic.numPartitions())
                        .isEqualTo(
                                List.of("blue.attendance", "blue.workers", "blue.conversations")
                                                .contains(name)
                                        ? 1
                                        : 6));
        assertThat(configuration("blue.prompts"))
                .containsEntry("message.timestamp.type", "LogAppendTime")
                .containsEntry("max.message.bytes", "8454144")
                .containsEntry("segment.ms", "43200000");
        assertThat(configuration("blue.replies"))
                .containsEntry("message.timestamp.type", "LogAppendTime")
                .containsEntry("cleanup.policy", "delete")
                .containsEntry("retention.bytes", "-1");
        assertThat(configuration("blue.workers"))
                .containsEntry("cleanup.policy", "compact")
                .containsEntry("message.timestamp.type", "LogAppendTime");
        assertThat(configuration("blue.turns"))
                .containsEntry("cleanup.policy", "compact,delete")
                .containsEntry("message.timestamp.type", "CreateTime")
                .containsEntry("max.message.bytes", "8454144")
                .containsEntry("max.compaction.lag.ms", "86400000");
        assertThat(configuration("blue.conversations")).containsEntry("cleanup.policy", "compact,delete");
    }

    @Test
    void deadLettersTakeTheLargestPromptAndItsHeaders() {
        ensure();

        assertThat(Integer.parseInt(configuration("blue.prompts.dlt").get("max.message.bytes")))
                .isGreaterThan(Integer.parseInt(configuration("blue.prompts").get("max.message.bytes")));
    }

    @Test
    void repliesOutliveEveryPromptAndItsDeadline() {
        ensure();

        long prompts = Long.parseLong(configuration("blue.prompts").get("retention.ms"));
        long replies = Long.parseLong(configuration("blue.replies").get("retention.ms"));
        assertThat(replies).isGreaterThan(prompts + TopicRules.LONGEST_DEADLINE_MS);
    }

    @Test
    void changesNothingTheSecondTime() {
        ensure();
        Map<String, NewTopic> before = Map.copyOf(cluster.topics);
        cluster.created.clear();

        ensure();

        assertThat(cluster.created).isEmpty();
        assertThat(cluster.topics).isEqualTo(before);
    }

    @Test
    void newControlsGetAsManyPartitionsAsExistingPrompts() {
        cluster.create("blue.prompts", 12, SOUND);

        ensure();

        assertThat(cluster.topic("blue.controls").numPartitions()).isEqualTo(12);
    }

    @Test
    void newRepliesOutliveExistingPrompts() {
        cluster.create(
                "blue.prompts", 6, Map.of("message.timestamp.type", "LogAppendTime", "retention.ms", "9000000000"));

        ensure();

        assertThat(Long.parseLong(configuration("blue.replies").get("retention.ms")))
                .isGreaterThan(9_000_000_000L + TopicRules.LONGEST_DEADLINE_MS);
    }

    @Test
    void yieldsToAnotherProcessThatIsQuicker() {
        cluster.beforeCreation = () -> {
            cluster.create("blue.replies", 6, SOUND);
            cluster.invisible.put("blue.replies", 2);
        };

        assertThatCode(this::ensure).doesNotThrowAnyException();

        assertThat(configuration("blue.replies")).isEqualTo(SOUND);
    }

    @Test
    void checksWhatAnotherProcessHasCreated() {
        cluster.beforeCreation = () -> cluster.create("blue.controls", 5, Map.of());

        assertThatThrownBy(this::ensure)
                .isInstanceOf(TopicContradictionException.class)
                .hasMessageContaining("blue.controls has 5 partitions, but must have 6");
    }

    @Test
    void listsEveryContradictionAtOnce() {
        cluster.create("blue.prompts", 12, Map.of());
        cluster.create("blue.controls", 11, Map.of());
        cluster.create("blue.replies", 6, Map.of("cleanup.policy", "compact,delete"));

        TopicContradictionException thrown = catchThrowableOfType(TopicContradictionException.class, this::ensure);

        assertThat(thrown.contradictions())
                .satisfiesExactly(
                        line -> assertThat(line).contains("blue.controls has 11 partitions, but must have 12"),
                        line -> assertThat(line).contains("blue.prompts has message.timestamp.type=CreateTime"),
                        line -> assertThat(line).contains("blue.replies has message.timestamp.type=CreateTime"),
                        line -> assertThat(line).contains("blue.replies has cleanup.policy=compact,delete"),
                        line -> assertThat(line).contains("blue.replies has retention.ms=604800000"));
        assertThat(thrown).hasMessageContainingAll(thrown.contradictions().toArray(String[]::new));
    }

    @Test
    void promptsThatAreKeptForEverNeedRepliesThatAre() {
        cluster.create("blue.prompts", 6, SOUND);
        cluster.create(
                "blue.replies", 6, Map.of("message.timestamp.type", "LogAppendTime", "retention.ms", "9999999999"));

        assertThatThrownBy(this::ensure).hasMessageContaining("blue.replies has retention.ms=9999999999");
    }

    @Test
    void repliesMayNotBeCutBySize() {
        Map<String, String> cut = new HashMap<>(SOUND);
        cut.put("retention.bytes", "1000000");
        cluster.create("blue.replies", 6, cut);

        assertThatThrownBy(this::ensure)
                .hasMessageContaining("blue.replies has retention.bytes=1000000, but must have -1");
    }

    @Test
    void holdsOtherReplyTopicsToTheRulesOfReplies() {
        cluster.create("sound", 3, SOUND);
        cluster.create("ordinary", 3, Map.of("cleanup.policy", "compact"));

        assertThatCode(() -> ensure(List.of("sound"))).doesNotThrowAnyException();
        TopicContradictionException thrown = catchThrowableOfType(
                TopicContradictionException.class, () -> ensure(List.of("sound", "ordinary", "missing")));

        assertThat(thrown.contradictions())
                .satisfiesExactly(
                        line -> assertThat(line).contains("ordinary has message.timestamp.type=CreateTime"),
                        line -> assertThat(line).contains("ordinary has cleanup.policy=compact"),
                        line -> assertThat(line).contains("ordinary has retention.ms=604800000"),
                        line -> assertThat(line).isEqualTo("missing does not exist, but is to take replies"));
        assertThat(cluster.topics).doesNotContainKey("missing");
    }

    private Map<String, String> configuration(String topic) {
        return cluster.topic(topic).configs();
    }

    private void ensure() {
        TopicSetup.ensure(cluster.admin(), topics, 6, (short) 1);
    }

    private void ensure(List<String> replyTopics) {
        TopicSetup.ensure(cluster.admin(), topics, replyTopics, 6, (short) 1);
    }

    @Test
    void everyTopicHasRules() {
        assertThat(TopicRules.configurations(topics).keySet())
                .containsExactlyInAnyOrderElementsOf(List.of(
                        topics.prompts(),
                        topics.replies(),
                        topics.controls(),
                        topics.completions(),
                        topics.workers(),
                        topics.attendance(),
                        topics.turns(),
                        topics.conversations(),
                        topics.deadLetters()));
    }
}
