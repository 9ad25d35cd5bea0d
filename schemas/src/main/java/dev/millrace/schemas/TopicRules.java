package dev.millrace.schemas;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.common.config.TopicConfig;

/**
 * How each topic has to be configured, and why. Every size and time that the topics share stands here.
 *
 * <p>Stateless; any thread.
 */
public final class TopicRules {
    /** The largest prompt, encoded: 256K tokens at up to 32 bytes of UTF-8 a token must fit. */
    public static final int MAX_PROMPT_BYTES = 8 << 20;

    /** Room for a record's key, its headers and the batch around it, beside its value. */
    public static final int BATCH_HEADROOM_BYTES = 64 << 10;

    /** A prompt goes with the last one of its segment: so much longer it stays than its retention says. */
    private static final long PROMPTS_SEGMENT_MS = 12 * 3_600_000L;

    /** How long a prompt may wait in the log for a worker. */
    public static final long PROMPTS_RETENTION_MS = 7 * 24 * 3_600_000L;

    /** A deadline further ahead than this is refused at intake: replies must outlive it. */
    public static final long LONGEST_DEADLINE_MS = 24 * 3_600_000L;

    /**
     * By how much replies outlive prompts. The reply log is the checkpoint: were it to begin after a prompt that can
     * still be taken over, that prompt would have to end with history_lost. A day more than the longest deadline,
     * because retention works by whole segments.
     */
    public static final long REPLIES_OUTLIVE_PROMPTS_MS = LONGEST_DEADLINE_MS + 24 * 3_600_000L;

    /**
     * A worker says so often how it is. About as long as a killed one keeps its partitions, since nobody needs to know
     * earlier that it is gone; and next to nothing beside its tokens.
     */
    public static final long HEARTBEAT_MS = 5_000;

    /** Heartbeats of workers that are long gone are compacted away by the hour. */
    private static final long WORKERS_SEGMENT_MS = 3_600_000L;

    private static final long ATTENDANCE_RETENTION_MS = 3_600_000L;

    /** How long after its last turn a conversation can be gone on from. No longer than answers stay. */
    public static final long CONVERSATIONS_RETENTION_MS = PROMPTS_RETENTION_MS;

    /** What is deleted is gone from the disks so much later, at the next round of the cleaner. */
    private static final long DELETED_WITHIN_MS = 24 * 3_600_000L;

    /** What a broker without any setting has; a described topic always says its own. */
    private static final long KAFKA_DEFAULT_RETENTION_MS = 7 * 24 * 3_600_000L;

    private static final String UNLIMITED = "-1";
    private static final String LOG_APPEND_TIME = "LogAppendTime";
    private static final String CREATE_TIME = "CreateTime";

    private TopicRules() {}

    /** The configuration of each topic, should it have to be created. */
    static Map<String, Map<String, String>> configurations(Topics topics) {
        return configurations(topics, PROMPTS_RETENTION_MS);
    }

    /** The same beside prompts that exist already: the replies must outlive those. */
    static Map<String, Map<String, String>> configurations(Topics topics, ActualTopic prompts) {
        return configurations(topics, retention(prompts));
    }

    private static Map<String, Map<String, String>> configurations(Topics topics, long promptsRetentionMs) {
        long repliesRetentionMs = promptsRetentionMs < 0 ? -1 : promptsRetentionMs + REPLIES_OUTLIVE_PROMPTS_MS;
        String promptBatch = Integer.toString(MAX_PROMPT_BYTES + BATCH_HEADROOM_BYTES);
        String deadLetterBatch = Integer.toString(MAX_PROMPT_BYTES + 2 * BATCH_HEADROOM_BYTES);
        Map<String, Map<String, String>> all = new LinkedHashMap<>();
        // Positions and ages are worked out from the time of append: a sender's clock must not count.
        all.put(
                topics.prompts(),
                deleted(
                        PROMPTS_RETENTION_MS,
                        LOG_APPEND_TIME,
                        Map.of(
                                TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                                promptBatch,
                                TopicConfig.SEGMENT_MS_CONFIG,
                                Long.toString(PROMPTS_SEGMENT_MS))));
        // Never compacted: a prompt's events share a key. Never cut by size: see REPLIES_OUTLIVE_PROMPTS_MS.
        all.put(
                topics.replies(),
                deleted(repliesRetentionMs, LOG_APPEND_TIME, Map.of(TopicConfig.RETENTION_BYTES_CONFIG, UNLIMITED)));
        all.put(topics.controls(), deleted(PROMPTS_RETENTION_MS, LOG_APPEND_TIME, Map.of()));
        // A whole answer may be as long as a prompt.
        all.put(
                topics.completions(),
                deleted(PROMPTS_RETENTION_MS, CREATE_TIME, Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, promptBatch)));
        // By the time of append it is told who lives: a worker's clock must not count.
        all.put(
                topics.workers(),
                Map.of(
                        TopicConfig.CLEANUP_POLICY_CONFIG,
                        TopicConfig.CLEANUP_POLICY_COMPACT,
                        TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
                        LOG_APPEND_TIME,
                        TopicConfig.SEGMENT_MS_CONFIG,
                        Long.toString(WORKERS_SEGMENT_MS)));
        // Only gateways that run now read it.
        all.put(topics.attendance(), deleted(ATTENDANCE_RETENTION_MS, CREATE_TIME, Map.of()));
        // Found by the time that its sender gave it.
        all.put(topics.turns(), kept(CREATE_TIME, Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, promptBatch)));
        all.put(topics.conversations(), kept(LOG_APPEND_TIME, Map.of()));
        // The largest prompt still fits with the headers that say what was wrong with it.
        all.put(
                topics.deadLetters(),
                deleted(
                        PROMPTS_RETENTION_MS,
                        CREATE_TIME,
                        Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, deadLetterBatch)));
        return all;
    }

    /** The last value of each key, until it is deleted or old. */
    private static Map<String, String> kept(String timestampType, Map<String, String> more) {
        Map<String, String> configuration = deleted(CONVERSATIONS_RETENTION_MS, timestampType, more);
        configuration.put(
                TopicConfig.CLEANUP_POLICY_CONFIG,
                TopicConfig.CLEANUP_POLICY_COMPACT + "," + TopicConfig.CLEANUP_POLICY_DELETE);
        configuration.put(TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG, Long.toString(DELETED_WITHIN_MS));
        return configuration;
    }

    private static Map<String, String> deleted(long retentionMs, String timestampType, Map<String, String> more) {
        Map<String, String> configuration = new LinkedHashMap<>(more);
        configuration.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
        configuration.put(TopicConfig.RETENTION_MS_CONFIG, Long.toString(retentionMs));
        configuration.put(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, timestampType);
        return configuration;
    }

    /**
     * Everything about these topics that would break the delivery of every token once; empty when all is well.
     *
     * @param replyTopics where prompts may be answered besides replies; they may be missing
     */
    static List<String> contradictions(Topics topics, List<String> replyTopics, Map<String, ActualTopic> actual) {
        ActualTopic prompts = get(actual, topics.prompts());
        ActualTopic controls = get(actual, topics.controls());
        List<String> found = new ArrayList<>();
        if (prompts.partitions() != controls.partitions()) {
            found.add(controls.name() + " has " + controls.partitions() + " partitions, but must have "
                    + prompts.partitions() + " as " + prompts.name()
                    + " has: a cancellation stands in the partition of its prompt's number");
        }
        mustBe(found, prompts, TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, LOG_APPEND_TIME);
        mustTakeReplies(found, get(actual, topics.replies()), prompts);
        for (String name : replyTopics) {
            ActualTopic replies = actual.get(name);
            if (replies == null) {
                found.add(name + " does not exist, but is to take replies");
            } else {
                mustTakeReplies(found, replies, prompts);
            }
        }
        return found;
    }

    private static void mustTakeReplies(List<String> found, ActualTopic replies, ActualTopic prompts) {
        mustBe(found, replies, TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, LOG_APPEND_TIME);
        mustBe(found, replies, TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
        if (replies.value(TopicConfig.RETENTION_BYTES_CONFIG) != null) {
            mustBe(found, replies, TopicConfig.RETENTION_BYTES_CONFIG, UNLIMITED);
        }
        if (!outlives(replies, prompts)) {
            found.add(replies.name() + " has " + TopicConfig.RETENTION_MS_CONFIG + "=" + retention(replies)
                    + ", but must have that of " + prompts.name() + " (" + retention(prompts)
                    + ") and the longest deadline (" + LONGEST_DEADLINE_MS + ") at least, or -1");
        }
    }

    private static ActualTopic get(Map<String, ActualTopic> actual, String name) {
        return Objects.requireNonNull(actual.get(name), name);
    }

    private static void mustBe(List<String> found, ActualTopic topic, String key, String wanted) {
        String has = topic.value(key);
        if (!wanted.equals(has)) {
            found.add(topic.name() + " has " + key + "=" + has + ", but must have " + wanted);
        }
    }

    private static boolean outlives(ActualTopic replies, ActualTopic prompts) {
        long repliesMs = retention(replies);
        long promptsMs = retention(prompts);
        return repliesMs < 0 || (promptsMs >= 0 && repliesMs - LONGEST_DEADLINE_MS >= promptsMs);
    }

    /** Milliseconds; negative: for ever. */
    private static long retention(ActualTopic topic) {
        String value = topic.value(TopicConfig.RETENTION_MS_CONFIG);
        return value == null ? KAFKA_DEFAULT_RETENTION_MS : Long.parseLong(value);
    }
}
