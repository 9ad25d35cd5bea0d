package dev.millrace.worker.kafka;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/**
 * What a prompt's record says besides its value: its content type, Spring's request/reply headers and the W3C trace
 * context. Of a header that comes more than once the last one counts. Any thread.
 */
record PromptHeaders(Headers headers) {
    static final String JSON = "application/json";
    private static final String CONTENT_TYPE = "content-type";
    private static final String REPLY_TOPIC = "kafka_replyTopic";
    private static final String REPLY_PARTITION = "kafka_replyPartition";
    static final String CORRELATION_ID = "kafka_correlationId";
    private static final String TRACE_PARENT = "traceparent";
    private static final String TRACE_STATE = "tracestate";
    /** It comes back with every event of the answer. */
    static final int MAX_CORRELATION_ID_BYTES = 1024;

    /** By the W3C's recommendation: version, trace, parent, flags; neither id all zeros, no version ff. */
    private static final Pattern VALID_TRACE_PARENT =
            Pattern.compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

    private static final Pattern VALID_TRACE_STATE = Pattern.compile("[ -~\\t]{1,512}");

    /** Without its parameters; null where there is none. */
    @Nullable
    String contentType() {
        String text = text(CONTENT_TYPE);
        return text == null ? null : text.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    }

    @Nullable
    String replyTopic() {
        return text(REPLY_TOPIC);
    }

    @Nullable
    Integer replyPartition() throws UnknownReplyPlaceException {
        byte[] value = value(REPLY_PARTITION);
        if (value == null) {
            return null;
        }
        if (value.length != Integer.BYTES) {
            throw new UnknownReplyPlaceException(REPLY_PARTITION + " must be a big-endian number of four bytes");
        }
        return ByteBuffer.wrap(value).getInt();
    }

    boolean correlationIdTooLong() {
        byte[] value = value(CORRELATION_ID);
        return value != null && value.length > MAX_CORRELATION_ID_BYTES;
    }

    /** What goes back with everything that answers the prompt. A trace context that is not valid is left out. */
    List<Header> echoed() {
        List<Header> echoed = new ArrayList<>();
        if (!correlationIdTooLong()) {
            add(echoed, CORRELATION_ID);
        }
        if (matches(TRACE_PARENT, VALID_TRACE_PARENT)) {
            add(echoed, TRACE_PARENT);
            if (matches(TRACE_STATE, VALID_TRACE_STATE)) {
                add(echoed, TRACE_STATE);
            }
        }
        return echoed;
    }

    private void add(List<Header> echoed, String name) {
        byte[] value = value(name);
        if (value != null) {
            echoed.add(new RecordHeader(name, value));
        }
    }

    private boolean matches(String name, Pattern pattern) {
        String text = text(name);
        return text != null && pattern.matcher(text).matches();
    }

    private @Nullable String text(String name) {
        byte[] value = value(name);
        return value == null ? null : new String(value, StandardCharsets.UTF_8);
    }

    private byte @Nullable [] value(String name) {
        Header header = headers.lastHeader(name);
        return header == null ? null : header.value();
    }
}
