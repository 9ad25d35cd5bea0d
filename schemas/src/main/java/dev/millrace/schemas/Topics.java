package dev.millrace.schemas;

import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.kafka.common.utils.Utils;

/**
 * The names of the topics of one installation, and which partition a reply goes to.
 *
 * @param prefix comes before every name, so that several installations can share a cluster; may be empty
 */
public record Topics(String prefix) {
    /** Kafka's longest legal topic name, less the longest of the names below. */
    private static final int MAX_PREFIX_LENGTH = 249 - "conversations".length();

    private static final Pattern LEGAL = Pattern.compile("[a-zA-Z0-9._-]*");

    public Topics {
        if (!LEGAL.matcher(prefix).matches()) {
            throw new IllegalArgumentException("A topic prefix may only hold letters, digits, '.', '_' and '-'");
        }
        if (prefix.length() > MAX_PREFIX_LENGTH) {
            throw new IllegalArgumentException("The topic prefix is too long: at most " + MAX_PREFIX_LENGTH
                    + " characters leave room for every name");
        }
    }

    public String prompts() {
        return prefix + "prompts";
    }

    public String replies() {
        return prefix + "replies";
    }

    public String controls() {
        return prefix + "controls";
    }

    public String completions() {
        return prefix + "completions";
    }

    /** Of one partition, as far as anyone reads: how workers are. */
    public String workers() {
        return prefix + "workers";
    }

    /** Of one partition: what gateways tell one another. */
    public String attendance() {
        return prefix + "attendance";
    }

    /** What was asked, with all that went before: of responses that are to be gone on from. */
    public String turns() {
        return prefix + "turns";
    }

    /** Of one partition: which turn a conversation is at, and which turns are deleted. */
    public String conversations() {
        return prefix + "conversations";
    }

    public String deadLetters() {
        return prefix + "prompts.dlt";
    }

    /**
     * The partition for a prompt's replies where its sender names none: the one that Kafka's default partitioner picks
     * for the id's text as a UTF-8 key, so that plain producers in any language agree.
     */
    public static int replyPartition(UUID promptId, int partitions) {
        byte[] key = promptId.toString().getBytes(StandardCharsets.UTF_8);
        return Utils.toPositive(Utils.murmur2(key)) % partitions;
    }
}
