package dev.millrace.schemas;

import dev.millrace.schemas.MalformedEventException.Fault;
import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.ConversationEntry;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.WorkerStatus;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.message.SchemaStore;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecordBase;
import org.jspecify.annotations.Nullable;

/**
 * One type of event to bytes and back, in Avro's single-object encoding: two marker bytes, the eight bytes of the
 * writer's schema fingerprint, the body. No registry is asked; {@link ReleasedSchemas} holds the schemas. What begins
 * with a brace is read as JSON instead, so that readers need not know how an event was written.
 *
 * <p>Any thread, at any time. Avro's encoder keeps its buffers per thread by itself; the decoder is kept per thread
 * here, because Avro's own message decoder reads through a stream and so can neither see trailing bytes nor refuse a
 * length that the record cannot hold.
 */
public final class EventCodec<T extends SpecificRecordBase> {
    static {
        TrustedEvents.register();
    }

    private static final ReleasedSchemas RELEASED = ReleasedSchemas.load();

    public static final EventCodec<Prompt> PROMPT = new EventCodec<>(new Prompt(), RELEASED);
    public static final EventCodec<ReplyEvent> REPLY_EVENT = new EventCodec<>(new ReplyEvent(), RELEASED);
    public static final EventCodec<Cancellation> CANCELLATION = new EventCodec<>(new Cancellation(), RELEASED);
    public static final EventCodec<Completion> COMPLETION = new EventCodec<>(new Completion(), RELEASED);
    public static final EventCodec<Attendance> ATTENDANCE = new EventCodec<>(new Attendance(), RELEASED);
    public static final EventCodec<WorkerStatus> WORKER_STATUS = new EventCodec<>(new WorkerStatus(), RELEASED);

    public static final EventCodec<ConversationEntry> CONVERSATION_ENTRY =
            new EventCodec<>(new ConversationEntry(), RELEASED);

    /** The marker of single-object encoding, by the Avro specification. */
    private static final int MARKER_0 = 0xC3;

    private static final int MARKER_1 = 0x01;
    private static final int HEADER_BYTES = 10;

    private static final ThreadLocal<@Nullable BinaryDecoder> DECODER = new ThreadLocal<>();

    private final SpecificData model;
    private final Schema schema;
    private final SchemaStore writers;
    private final BinaryMessageEncoder<T> encoder;

    /** Avro's readers can be shared between threads; one for each writer's schema that has been met. */
    private final Map<Long, DatumReader<T>> readers = new ConcurrentHashMap<>();

    /** The empty event only serves to ask for its schema and its data model. */
    EventCodec(T empty, SchemaStore writers) {
        this(empty.getSpecificData(), empty.getSchema(), writers);
    }

    EventCodec(SpecificData model, Schema schema, SchemaStore writers) {
        this.model = model;
        this.schema = schema;
        this.writers = writers;
        this.encoder = new BinaryMessageEncoder<>(model, schema);
    }

    /**
     * The bytes of one record's value.
     *
     * @throws IllegalArgumentException when a required field is null or a body has a foreign type: a defect of the
     *     caller. It says where, not what.
     */
    public byte[] encode(T event) {
        try {
            // The encoder copies into a buffer that has exactly the event's size.
            return encoder.encode(event).array();
        } catch (IOException | NullPointerException | AvroRuntimeException | ClassCastException e) {
            throw new IllegalArgumentException(
                    "This " + schema.getName() + " lacks a required field or has a value of a wrong type"
                            + (e instanceof NullPointerException ? ": " + e.getMessage() : ""));
        }
    }

    /**
     * The same as a JSON object of the schema's field names, for people and their tools.
     *
     * @throws IllegalArgumentException as {@link #encode}
     */
    public byte[] encodeJson(T event) {
        try {
            return JsonEventWriter.write(event, model);
        } catch (IOException | AvroRuntimeException | ClassCastException e) {
            throw new IllegalArgumentException("This " + schema.getName() + " has a value of a wrong type");
        }
    }

    /**
     * The event that these bytes hold, as today's schema has it, whichever released version wrote it.
     *
     * @param record a record's value; null, as a tombstone has it, is malformed
     */
    public T decode(byte @Nullable [] record) throws MalformedEventException {
        byte[] bytes = notEmpty(record);
        return looksLikeJson(bytes)
                ? decodeJson(bytes, JsonFields.AS_THEY_ARE)
                : decode(bytes, HEADER_BYTES, reader(fingerprint(bytes)));
    }

    /** Whether JSON's opening brace comes first, but for JSON's white space. */
    public static boolean looksLikeJson(byte[] record) {
        int start = 0;
        while (start < record.length && " \t\r\n".indexOf(record[start]) >= 0) {
            start++;
        }
        return start < record.length && record[start] == '{';
    }

    /** The event that this JSON object is. */
    @SuppressWarnings("unchecked") // SpecificData makes a record of its class's schema of that class.
    public T decodeJson(byte @Nullable [] record, JsonFields fields) throws MalformedEventException {
        return (T) JsonEventReader.read(notEmpty(record), schema, model, fields);
    }

    /**
     * A reader of events that were written with a schema from elsewhere, by Avro's rules of resolution.
     *
     * @throws MalformedEventException when the schema is none, or of a kind that would be too costly to read
     */
    public DatumReader<T> readerOf(String writerSchema) throws MalformedEventException {
        return newReader(ForeignSchema.parse(writerSchema));
    }

    /**
     * The event whose body begins within a record and ends with it.
     *
     * @param from how many bytes come before the body
     */
    public T decode(byte[] record, int from, DatumReader<T> reader) throws MalformedEventException {
        BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(record, from, record.length - from, DECODER.get());
        DECODER.set(decoder);
        T event = body(reader, decoder);
        if (trailing(decoder)) {
            throw new MalformedEventException(
                    Fault.TRAILING_BYTES, "More bytes follow the end of this " + schema.getName());
        }
        return event;
    }

    private byte[] notEmpty(byte @Nullable [] record) throws MalformedEventException {
        if (record == null || record.length == 0) {
            throw new MalformedEventException(Fault.EMPTY, "The record is empty: no " + schema.getName());
        }
        return record;
    }

    private long fingerprint(byte[] record) throws MalformedEventException {
        if (record.length < 2 || (record[0] & 0xFF) != MARKER_0 || (record[1] & 0xFF) != MARKER_1) {
            throw new MalformedEventException(
                    Fault.NOT_SINGLE_OBJECT, "The record is not in Avro's single-object encoding (C3 01 at its start)");
        }
        if (record.length < HEADER_BYTES) {
            throw new MalformedEventException(Fault.TRUNCATED, "The record ends within the fingerprint of its schema");
        }
        return ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
    }

    private DatumReader<T> reader(long fingerprint) throws MalformedEventException {
        DatumReader<T> known = readers.get(fingerprint);
        if (known != null) {
            return known;
        }
        Schema writer = writers.findByFingerprint(fingerprint);
        if (writer == null) {
            throw new MalformedEventException(
                    Fault.UNKNOWN_SCHEMA,
                    "No released schema has the fingerprint " + String.format("%016x", fingerprint)
                            + ": the writer may be newer than this reader");
        }
        if (!writer.getFullName().equals(schema.getFullName())) {
            throw new MalformedEventException(
                    Fault.WRONG_TYPE, "The record is a " + writer.getName() + ", not a " + schema.getName());
        }
        return readers.computeIfAbsent(fingerprint, f -> newReader(writer));
    }

    @SuppressWarnings("unchecked") // SpecificData reads its class's schema into that class.
    private DatumReader<T> newReader(Schema writer) {
        return (DatumReader<T>) model.createDatumReader(writer, schema);
    }

    /** Avro's exceptions quote what they choke on, so none of them is passed on. */
    private T body(DatumReader<T> reader, BinaryDecoder decoder) throws MalformedEventException {
        try {
            return reader.read(null, decoder);
        } catch (EOFException e) {
            throw new MalformedEventException(Fault.TRUNCATED, "This " + schema.getName() + " ends too early");
        } catch (IllegalArgumentException e) {
            throw new MalformedEventException(
                    Fault.BAD_UUID, "This " + schema.getName() + " has an id that is no UUID");
        } catch (IOException | RuntimeException e) {
            throw new MalformedEventException(
                    Fault.CORRUPT, "The body of this " + schema.getName() + " does not follow its schema");
        }
    }

    private static boolean trailing(BinaryDecoder decoder) {
        try {
            return !decoder.isEnd();
        } catch (IOException e) {
            throw new IllegalStateException("A decoder of bytes in memory does no input", e);
        }
    }

    /** The fingerprint that this codec's events carry. */
    long fingerprint() {
        return SchemaNormalization.parsingFingerprint64(schema);
    }
}
