package dev.millrace.schemas;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Creates the topics that are missing and refuses those that would break delivery.
 *
 * <p>Blocks: for the thread that starts a process, before its consumers run.
 */
public final class TopicSetup {
    /** For a topic that another process has just created to be known to the broker that we ask. */
    private static final Duration VISIBLE_WITHIN = Duration.ofSeconds(30);

    private static final int ASK_AGAIN_MS = 100;

    private final Admin admin;
    private final Topics topics;
    private final Map<String, ActualTopic> actual = new HashMap<>();

    private TopicSetup(Admin admin, Topics topics) {
        this.admin = admin;
        this.topics = topics;
    }

    /** The same where prompts are answered in replies alone. */
    public static void ensure(Admin admin, Topics topics, int partitions, short replicationFactor) {
        ensure(admin, topics, List.of(), partitions, replicationFactor);
    }

    /**
     * Leaves every topic in existence and usable. May run in several processes at once, and any number of times. It
     * changes no topic that exists.
     *
     * @param replyTopics where prompts may be answered besides replies; they are not created
     * @param partitions of new topics; where prompts exist already, new controls get as many as those have
     * @param replicationFactor of new topics; -1 takes the cluster's default
     * @throws TopicContradictionException when existing topics contradict the rules
     * @throws KafkaException when the cluster refuses or does not answer
     */
    public static void ensure(
            Admin admin, Topics topics, List<String> replyTopics, int partitions, short replicationFactor) {
        TopicSetup setup = new TopicSetup(admin, topics);
        setup.describe(TopicRules.configurations(topics).keySet());
        List<String> raced = setup.create(setup.missing(partitions, replicationFactor));
        setup.awaitVisible(raced);
        setup.describe(replyTopics);
        List<String> contradictions = TopicRules.contradictions(topics, replyTopics, setup.actual);
        if (!contradictions.isEmpty()) {
            throw new TopicContradictionException(contradictions);
        }
    }

    /** Notes what exists; what does not is left out. */
    private void describe(Collection<String> names) {
        Map<String, Integer> partitions = new HashMap<>();
        admin.describeTopics(names).topicNameValues().forEach((name, description) -> {
            try {
                partitions.put(name, await(description).partitions().size());
            } catch (UnknownTopicOrPartitionException e) {
                // Missing; the caller knows what to do.
            }
        });
        List<ConfigResource> resources = partitions.keySet().stream()
                .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                .toList();
        admin.describeConfigs(resources).values().forEach((resource, config) -> {
            String name = resource.name();
            actual.put(name, new ActualTopic(name, partitions.getOrDefault(name, 0), values(await(config))));
        });
    }

    private static Map<String, String> values(Config config) {
        Map<String, String> values = new HashMap<>();
        for (ConfigEntry entry : config.entries()) {
            values.put(entry.name(), entry.value());
        }
        return values;
    }

    private List<NewTopic> missing(int partitions, short replicationFactor) {
        ActualTopic prompts = actual.get(topics.prompts());
        int controls = prompts == null ? partitions : prompts.partitions();
        Map<String, Integer> counts = Map.of(
                topics.controls(), controls, topics.workers(), 1, topics.attendance(), 1, topics.conversations(), 1);
        Map<String, Map<String, String>> configurations =
                prompts == null ? TopicRules.configurations(topics) : TopicRules.configurations(topics, prompts);
        List<NewTopic> missing = new ArrayList<>();
        configurations.forEach((name, configuration) -> {
            if (!actual.containsKey(name)) {
                missing.add(new NewTopic(name, counts.getOrDefault(name, partitions), replicationFactor)
                        .configs(configuration));
            }
        });
        return missing;
    }

    /** Returns the names of those that another process was quicker to create. */
    private List<String> create(List<NewTopic> missing) {
        Map<String, KafkaFuture<Void>> creations = admin.createTopics(missing).values();
        List<String> raced = new ArrayList<>();
        for (NewTopic topic : missing) {
            try {
                await(Objects.requireNonNull(creations.get(topic.name())));
                actual.put(topic.name(), new ActualTopic(topic.name(), topic.numPartitions(), topic.configs()));
            } catch (TopicExistsException e) {
                raced.add(topic.name());
            }
        }
        return raced;
    }

    private void awaitVisible(List<String> names) {
        long deadline = System.nanoTime() + VISIBLE_WITHIN.toNanos();
        describe(names);
        while (!actual.keySet().containsAll(names)) {
            if (System.nanoTime() - deadline > 0) {
                throw new TimeoutException("Another process created topics that stay invisible to this one: " + names);
            }
            pause();
            describe(names);
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(ASK_AGAIN_MS);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static <T> T await(KafkaFuture<T> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof KafkaException failure) {
                throw failure;
            }
            throw new KafkaException("The cluster could not be asked about its topics", e.getCause());
        }
    }
}
