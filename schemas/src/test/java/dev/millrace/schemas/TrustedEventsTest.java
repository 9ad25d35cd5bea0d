package dev.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schemas.event.Prompt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrustedEventsTest {
    /** In a JVM of its own: in this one another test may have initialised the codec already. */
    @Test
    void anEventCanBeBuiltBeforeAnyCodecIsUsed() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        BuildsWithoutCodec.class.getName())
                .redirectErrorStream(true)
                .start();

        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).contains("built with sampling");
    }

    static final class BuildsWithoutCodec {
        public static void main(String[] args) {
            // The default of sampling is a record: Avro has to instantiate its class.
            Prompt prompt = Prompt.newBuilder()
                    .setId(Events.PROMPT_ID)
                    .setConversation("conversation")
                    .setMessages(List.of())
                    .build();
            System.out.println(prompt.getSampling() == null ? "built without sampling" : "built with sampling");
        }
    }
}
