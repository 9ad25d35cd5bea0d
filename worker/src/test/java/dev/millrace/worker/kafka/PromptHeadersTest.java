package dev.millrace.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptHeadersTest {
    private static final String TRACE_PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private final RecordHeaders headers = new RecordHeaders();
    private final PromptHeaders prompt = new PromptHeaders(headers);

    @Test
    void saysNothingWithoutHeaders() throws UnknownReplyPlaceException {
        assertThat(prompt.contentType()).isNull();
        assertThat(prompt.replyTopic()).isNull();
        assertThat(prompt.replyPartition()).isNull();
        assertThat(prompt.echoed()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "Application/JSON", " application/json ;charset=utf-8"})
    void leavesOutTheParametersOfTheContentType(String contentType) {
        add("content-type", contentType);

        assertThat(prompt.contentType()).isEqualTo("application/json");
    }

    @Test
    void readsSpringsPartitionAsABigEndianNumber() throws UnknownReplyPlaceException {
        headers.add("kafka_replyPartition", new byte[] {0, 0, 1, 2});

        assertThat(prompt.replyPartition()).isEqualTo(258);
    }

    @Test
    void refusesAPartitionThatIsNoNumberOfFourBytes() {
        add("kafka_replyPartition", "1");

        assertThatThrownBy(prompt::replyPartition)
                .isInstanceOf(UnknownReplyPlaceException.class)
                .hasMessageContaining("four bytes");
    }

    @Test
    void echoesTheCorrelationIdWhateverItsBytes() {
        byte[] id = {0, -1, 127};
        headers.add("kafka_correlationId", id);

        assertThat(prompt.echoed()).singleElement().satisfies(header -> {
            assertThat(header.key()).isEqualTo("kafka_correlationId");
            assertThat(header.value()).isEqualTo(id);
        });
    }

    @Test
    void doesNotEchoACorrelationIdThatIsTooLong() {
        headers.add("kafka_correlationId", new byte[1025]);

        assertThat(prompt.correlationIdTooLong()).isTrue();
        assertThat(prompt.echoed()).isEmpty();
    }

    @Test
    void echoesAValidTraceContext() {
        add("traceparent", TRACE_PARENT);
        add("tracestate", "vendor=value,other=1");

        assertThat(keysOf(prompt.echoed())).containsExactly("traceparent", "tracestate");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n"
            })
    void ignoresAnInvalidTraceParentAndTheStateBesideIt(String traceParent) {
        add("traceparent", traceParent);
        add("tracestate", "vendor=value");

        assertThat(prompt.echoed()).isEmpty();
    }

    @Test
    void ignoresAStateThatIsNotPlainText() {
        add("traceparent", TRACE_PARENT);
        add("tracestate", "a=\u0001");

        assertThat(keysOf(prompt.echoed())).containsExactly("traceparent");
    }

    private void add(String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> keysOf(List<Header> headers) {
        return headers.stream().map(Header::key).toList();
    }
}
