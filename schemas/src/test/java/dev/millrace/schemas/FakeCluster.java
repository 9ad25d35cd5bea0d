package dev.millrace.schemas;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeConfigsResult;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.KafkaFutureImpl;

/** As much of a cluster as knows topics, with Kafka's defaults. Owned by the test's thread. */
final class FakeCluster {
    private static final Map<String, String> DEFAULTS =
            Map.of("cleanup.policy", "delete", "retention.ms", "604800000", "message.timestamp.type", "CreateTime");

    final Map<String, NewTopic> topics = new HashMap<>();

    /** What another process does between our question and our creation. */
    Runnable beforeCreation = () -> {};

    /** Topics that exist, but not yet for the broker that is asked, and for how many questions. */
    final Map<String, Integer> invisible = new HashMap<>();

    /** Names that creation was asked for since the beginning. */
    final Set<String> created = new HashSet<>();

    Admin admin() {
        return (Admin) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Admin.class}, this::answer);
    }

    @SuppressWarnings("unchecked") // The types are those of Admin's methods.
    private Object answer(Object admin, Method method, Object[] arguments) {
        return switch (method.getName()) {
            case "describeTopics" -> describeTopics((Collection<String>) arguments[0]);
            case "describeConfigs" -> describeConfigs((Collection<ConfigResource>) arguments[0]);
            case "createTopics" -> createTopics((Collection<NewTopic>) arguments[0]);
            default -> throw new UnsupportedOperationException(method.toString());
        };
    }

    NewTopic topic(String name) {
        return Objects.requireNonNull(topics.get(name), name);
    }

    void create(String name, int partitions, Map<String, String> configuration) {
        topics.put(name, new NewTopic(name, partitions, (short) 1).configs(configuration));
    }

    private DescribeTopicsResult describeTopics(Collection<String> names) {
        Map<String, KafkaFuture<TopicDescription>> answers = new HashMap<>();
        for (String name : names) {
            boolean hidden = invisible.merge(name, -1, Integer::sum) >= 0;
            answers.put(
                    name,
                    hidden || !topics.containsKey(name)
                            ? failed(new UnknownTopicOrPartitionException())
                            : KafkaFuture.completedFuture(description(topic(name))));
        }
        return new DescribeTopicsResult(null, answers) {};
    }

    private static TopicDescription description(NewTopic topic) {
        List<TopicPartitionInfo> partitions = IntStream.range(0, topic.numPartitions())
                .mapToObj(i -> new TopicPartitionInfo(i, Node.noNode(), List.of(), List.of()))
                .toList();
        return new TopicDescription(topic.name(), false, partitions);
    }

    private DescribeConfigsResult describeConfigs(Collection<ConfigResource> resources) {
        Map<ConfigResource, KafkaFuture<Config>> answers = new HashMap<>();
        for (ConfigResource resource : resources) {
            Map<String, String> values = new HashMap<>(DEFAULTS);
            values.putAll(topic(resource.name()).configs());
            answers.put(
                    resource,
                    KafkaFuture.completedFuture(new Config(values.entrySet().stream()
                            .map(value -> new ConfigEntry(value.getKey(), value.getValue()))
                            .toList())));
        }
        return new DescribeConfigsResult(answers) {};
    }

    private CreateTopicsResult createTopics(Collection<NewTopic> wanted) {
        beforeCreation.run();
        Map<String, KafkaFuture<CreateTopicsResult.TopicMetadataAndConfig>> answers = new HashMap<>();
        for (NewTopic topic : wanted) {
            created.add(topic.name());
            boolean exists = topics.putIfAbsent(topic.name(), topic) != null;
            answers.put(
                    topic.name(),
                    exists ? failed(new TopicExistsException("exists")) : KafkaFuture.completedFuture(null));
        }
        return new CreateTopicsResult(answers) {};
    }

    private static <T> KafkaFuture<T> failed(Throwable cause) {
        KafkaFutureImpl<T> future = new KafkaFutureImpl<>();
        future.completeExceptionally(cause);
        return future;
    }
}
