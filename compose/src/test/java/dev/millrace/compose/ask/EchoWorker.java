package dev.millrace.compose.ask;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.MalformedEventException;
import dev.millrace.schemas.TopicSetup;
import dev.millrace.schemas.Topics;
import dev.millrace.schemas.event.Claimed;
import dev.millrace.schemas.event.Failure;
import dev.millrace.schemas.event.FinishReason;
import dev.millrace.schemas.event.Finished;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.Timings;
import dev.millrace.schemas.event.Tokens;
import dev.millrace.schemas.event.Usage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Answers each prompt with its own text, two chunks and what is held back; a prompt that says REFUSE with an error. A
 * thread of its own.
 */
final class EchoWorker {

    static final String REFUSE = "please refuse";

    private static final Topics TOPICS = new Topics("");

    private final KafkaConsumer<String, byte[]> consumer;
    private final KafkaProducer<String, byte[]> producer;
    private final Thread thread = new Thread(this::run, "echo-worker");
    /** Set by the test's thread, read by the echo's. */
    private volatile boolean stopped;

    EchoWorker(String bootstrap) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            TopicSetup.ensure(admin, TOPICS, 1, (short) 1);
        }
        consumer = KafkaClients.consumer(bootstrap);
        producer = KafkaClients.producer(bootstrap, 9 << 20);
        List<TopicPartition> prompts = List.of(new TopicPartition(TOPICS.prompts(), 0));
        consumer.assign(prompts);
        consumer.seekToBeginning(prompts);
        thread.start();
    }

    private void run() {
        while (!stopped) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                try {
                    answer(EventCodec.PROMPT.decode(record.value()));
                } catch (MalformedEventException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    private void answer(Prompt prompt) {
        String text = prompt.getMessages().get(0).getContent();
        reply(prompt, new Claimed("echo", "sha256:echo", 0));
        if (text.equals(REFUSE)) {
            reply(
                    prompt,
                    finished(FinishReason.ERROR, "", new Failure("invalid_prompt", "It asks for it", "messages")));
            return;
        }
        int third = text.offsetByCodePoints(0, text.codePointCount(0, text.length()) / 3);
        reply(prompt, new Tokens(0, List.of(1, 2), text.substring(0, third), null));
        reply(prompt, new Tokens(2, List.of(3), text.substring(third, third), null));
        reply(prompt, finished(FinishReason.STOP, text.substring(third), null));
    }

    private static Finished finished(FinishReason reason, String text, @Nullable Failure error) {
        return new Finished(reason, text, new Usage(1, 3, 0, 0), new Timings(1.0, 1.0, 1.0), error);
    }

    private void reply(Prompt prompt, Object body) {
        ReplyEvent event = new ReplyEvent(prompt.getId(), 1L, 1L, body);
        var unused = producer.send(new ProducerRecord<>(
                prompt.getReplyTo().getTopic(),
                prompt.getReplyTo().getPartition(),
                prompt.getId().toString(),
                EventCodec.REPLY_EVENT.encode(event)));
    }

    void stop() throws InterruptedException {
        stopped = true;
        thread.join();
        consumer.close();
        producer.close();
    }
}
