package dev.millrace.gateway.session;

import dev.millrace.gateway.dialect.CursorSeal;
import dev.millrace.gateway.dialect.ModelList;
import dev.millrace.gateway.kafka.CatchUp;
import dev.millrace.gateway.kafka.Conversations;
import dev.millrace.gateway.kafka.DeliveryMetrics;
import dev.millrace.gateway.kafka.LivingWorkers;
import dev.millrace.gateway.kafka.PromptProducer;
import dev.millrace.gateway.kafka.ReplyConsumer;
import dev.millrace.gateway.kafka.ReplyPartitions;
import dev.millrace.schemas.Topics;
import io.prometheus.client.CollectorRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A Kafka that says nothing, and takes all without a word. */
final class SilentKafka {
    private SilentKafka() {}

    static Exchange exchange() {
        CollectorRegistry registry = new CollectorRegistry();
        Topics topics = new Topics("");
        Conversations conversations = new Conversations(InstantSource.system());
        ReplyConsumer replies = new ReplyConsumer(
                "replies",
                new MockConsumer<>("none"),
                new ReplyPartitions(List.of()),
                topics,
                new LivingWorkers(InstantSource.system()),
                conversations);
        return new Exchange(
                new PromptProducer(
                        "prompts",
                        new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer()),
                        topics,
                        new DeliveryMetrics(registry)),
                replies,
                new CatchUp("catch-up", new MockConsumer<>("none"), replies, topics, conversations),
                conversations,
                CursorSeal.ofThisProcess(topics.replies()),
                topics.replies(),
                SessionLimits.of(Duration.ofSeconds(1)),
                new SessionMetrics(registry),
                new ModelList(List.of(), List::of, 0));
    }
}
