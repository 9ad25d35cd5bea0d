package dev.millrace.compose.stack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.compose.JavaProcess;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Topics that are deleted while a worker runs, on a real broker. */
class MissingReplyTopicIT {
    private static final String PACE = "--pace-tokens-per-second=40";
    private static final String ELSEWHERE = "elsewhere";

    private Expected longest;
    private Installation installation;
    private Client client;
    private Admin admin;

    @BeforeEach
    void prepare(TestInfo test) throws Exception {
        longest = Expected.longest();
        installation = Installation.create(test.getTestMethod().orElseThrow().getName());
        client = new Client(installation);
        admin = Admin.create(Map.of("bootstrap.servers", installation.bootstrap()));
    }

    @AfterEach
    void close() {
        admin.close();
        client.close();
    }

    @Test
    void aDeletedReplyTopicCostsItsPromptAndNoOther() throws Exception {
        create(ELSEWHERE, Map.of("message.timestamp.type", "LogAppendTime", "retention.ms", "-1"));
        try (JavaProcess worker = installation.startWorker(PACE, "--reply-topics=" + ELSEWHERE)) {
            Prompt elsewhere = longest.greedyPrompt();
            elsewhere.setReplyTo(new ReplyAddress(ELSEWHERE, 0, null));
            client.send(elsewhere);
            Prompt here = longest.greedyPrompt();
            client.send(here);
            client.awaitTokens(here.getId(), 10);

            admin.deleteTopics(List.of(ELSEWHERE)).all().get();

            Reply reply = client.awaitEnd(here.getId());
            assertThat(reply.text()).isEqualTo(longest.answer());
            assertThat(reply.claims()).hasSize(1);
            ConsumerRecord<byte[], byte[]> letter = client.awaitDeadLetter();
            assertThat(code(letter)).isEqualTo("unknown_reply_place");
            worker.terminate();
        }
    }

    @Test
    void aWorkerWhoseOwnReplyTopicIsDeletedEndsAndSaysWhy() throws Exception {
        try (JavaProcess worker = installation.startWorker(PACE)) {
            Prompt prompt = longest.greedyPrompt();
            client.send(prompt);
            client.awaitTokens(prompt.getId(), 10);

            admin.deleteTopics(List.of(installation.topics().replies())).all().get();

            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !worker.running());
            assertThat(worker.exitStatus()).isEqualTo(1);
            assertThat(worker.standardError()).contains("worker: own_topic_gone: ");
        }
    }

    @Test
    void aWorkerWhoseReplyTopicBreaksTheRulesDoesNotStartAndSaysWhy() throws Exception {
        create("ordinary", Map.of());

        try (JavaProcess worker = installation.startWorker("--reply-topics=ordinary,missing")) {
            assertThat(worker.exitStatus()).isEqualTo(1);
            assertThat(worker.standardError())
                    .contains("ordinary has message.timestamp.type=CreateTime, but must have LogAppendTime")
                    .contains("ordinary has retention.ms=604800000")
                    .contains("missing does not exist, but is to take replies");
        }
    }

    private void create(String topic, Map<String, String> configuration) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(configuration)))
                .all()
                .get();
    }

    private static String code(ConsumerRecord<byte[], byte[]> letter) {
        return new String(letter.headers().lastHeader("millrace-error-code").value(), StandardCharsets.UTF_8);
    }
}
