package dev.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.Attendance;
import dev.millrace.schemas.event.Cancellation;
import dev.millrace.schemas.event.Completion;
import dev.millrace.schemas.event.ConversationEntry;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyEvent;
import dev.millrace.schemas.event.WorkerStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaFormatter;
import org.apache.avro.SchemaNormalization;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReleasedSchemasTest {
    private static final ReleasedSchemas RELEASED = ReleasedSchemas.load();

    static Schema[] today() {
        return new Schema[] {
            Prompt.getClassSchema(),
            ReplyEvent.getClassSchema(),
            Cancellation.getClassSchema(),
            Completion.getClassSchema(),
            WorkerStatus.getClassSchema(),
            Attendance.getClassSchema(),
            ConversationEntry.getClassSchema()
        };
    }

    @ParameterizedTest
    @MethodSource("today")
    void todaysSchemaIsReleased(Schema today) throws IOException {
        long fingerprint = SchemaNormalization.parsingFingerprint64(today);

        Schema released = RELEASED.findByFingerprint(fingerprint);

        assertThat(released).as(() -> howToRelease(today)).isNotNull();
    }

    /** Leaves the file that is missing under target, so that releasing is a copy and a line. */
    private static String howToRelease(Schema today) {
        String version = today.getName() + "-v" + (latestVersionOf(today) + 1);
        Path file = Path.of("target", "to-release", version + ".avsc");
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, SchemaFormatter.format("json/pretty", today));
        } catch (IOException e) {
            return "cannot write " + file + ": " + e;
        }
        return "The schema of " + today.getName()
                + " was changed, but not released: what is written with it could not be"
                + " read. Copy schemas/" + file
                + " to schemas/src/main/resources/dev/millrace/schemas/released/ and add"
                + " the line " + version + " to the file index there. Never change a released file.";
    }

    private static int latestVersionOf(Schema today) {
        String prefix = today.getName() + "-v";
        return RELEASED.versions().keySet().stream()
                .filter(version -> version.startsWith(prefix))
                .mapToInt(version -> Integer.parseInt(version.substring(prefix.length())))
                .max()
                .orElse(0);
    }

    @ParameterizedTest
    @MethodSource("today")
    void todaysReaderReadsEveryReleasedVersion(Schema today) {
        RELEASED.versions().forEach((version, writer) -> {
            if (writer.getFullName().equals(today.getFullName())) {
                assertThat(SchemaCompatibility.checkReaderWriterCompatibility(today, writer)
                                .getType())
                        .as(version)
                        .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
            }
        });
    }
}
