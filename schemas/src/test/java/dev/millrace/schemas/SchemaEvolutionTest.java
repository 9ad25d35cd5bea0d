package dev.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.FinishReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.message.SchemaStore;
import org.junit.jupiter.api.Test;

class SchemaEvolutionTest {
    /** The test resources release a version 0, which lacks a field of today's and has one that was dropped since. */
    @Test
    void anOldEventIsReadByTodaysCodec() throws Exception {
        Schema old = ReleasedSchemas.load().versions().get("Cancellation-v0");
        GenericRecord written = new GenericData.Record(old);
        written.put("promptId", Events.PROMPT_ID.toString());
        written.put("urgency", 9);
        written.put("conversation", "conversation");

        Cancellation read = EventCodec.CANCELLATION.decode(encoded(written));

        assertThat(read).isEqualTo(Events.cancellation());
    }

    /** Today's reader is the old one here; it was given the newer schema, but its classes do not know the reason. */
    @Test
    void anOldReaderReadsANewFinishReasonAsUnknown() throws Exception {
        Schema newer = new Schema.Parser()
                .parse(Completion.getClassSchema().toString().replace("\"EXPIRED\"", "\"EXPIRED\",\"OUT_OF_FAVOUR\""));
        SchemaStore.Cache given = new SchemaStore.Cache();
        given.addSchema(newer);
        EventCodec<Completion> oldReader = new EventCodec<>(new Completion(), given);

        Completion read = oldReader.decode(encoded(outOfFavour(newer)));

        assertThat(read).isEqualTo(Events.completion(FinishReason.UNKNOWN));
    }

    private static GenericRecord outOfFavour(Schema newer) {
        Completion like = Events.completion(FinishReason.STOP);
        GenericRecord written = new GenericData.Record(newer);
        newer.getFields().forEach(field -> written.put(field.pos(), like.get(field.pos())));
        written.put("promptId", Events.PROMPT_ID.toString());
        written.put(
                "reason", new GenericData.EnumSymbol(newer.getField("reason").schema(), "OUT_OF_FAVOUR"));
        return written;
    }

    private static byte[] encoded(GenericRecord event) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new BinaryMessageEncoder<GenericRecord>(GenericData.get(), event.getSchema()).encode(event, bytes);
        return bytes.toByteArray();
    }
}
