package dev.millrace.compose.broker;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** One topic of text on a broker, to see what the broker keeps. */
record LetterBox(String bootstrap) {

    private static final String TOPIC = "letters";

    void create() throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
        }
    }

    /** Returns when all are acknowledged. */
    void put(List<String> letters) throws ExecutionException, InterruptedException {
        Map<String, Object> properties =
                Map.of("bootstrap.servers", bootstrap, "acks", "all", "max.request.size", 9 << 20);
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
            for (String letter : letters) {
                producer.send(new ProducerRecord<>(TOPIC, letter)).get();
            }
        }
    }

    /** All there are, oldest first. */
    List<String> letters() {
        Map<String, Object> properties = Map.of("bootstrap.servers", bootstrap);
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
            TopicPartition partition = new TopicPartition(TOPIC, 0);
            consumer.assign(List.of(partition));
            consumer.seekToEnd(List.of(partition));
            long end = consumer.position(partition);
            consumer.seekToBeginning(List.of(partition));
            List<String> letters = new ArrayList<>();
            while (consumer.position(partition) < end) {
                StreamSupport.stream(consumer.poll(Duration.ofSeconds(1)).spliterator(), false)
                        .forEach(letter -> letters.add(letter.value()));
            }
            return letters;
        }
    }
}
