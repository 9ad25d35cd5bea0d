package dev.millrace.worker.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.millrace.worker.llama.DemoModel;
import dev.millrace.worker.llama.LlamaModel;
import org.junit.jupiter.api.Test;

/** Whatever the scores are, what comes to its end is valid, also to a validator that knows nothing of us. */
class RandomSchemaIT {
    private static final int SCHEMAS = 150;
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final JsonSchemaFactory VALIDATORS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

    @Test
    void drawsNothingThatIsNotValid() throws Exception {
        int ended = 0;
        try (LlamaModel model = DemoModel.open()) {
            for (int seed = 0; seed < SCHEMAS; seed++) {
                JsonNode schema = new RandomSchema(seed).document();

                String text =
                        Probe.draw(ResponseGrammar.ofJsonSchema(schema.toString()), model.vocabulary(), seed, 300);

                if (text != null) {
                    ended++;
                    assertThat(VALIDATORS.getSchema(schema).validate(MAPPER.readTree(text)))
                            .as("%s%n%s", schema, text)
                            .isEmpty();
                }
            }
        }
        assertThat(ended).isGreaterThan(SCHEMAS / 2);
    }

    @Test
    void drawsObjectsWhereAnyWillDo() throws Exception {
        int ended = 0;
        try (LlamaModel model = DemoModel.open()) {
            for (int seed = 0; seed < 40; seed++) {
                String text = Probe.draw(ResponseGrammar.ofJsonObject(), model.vocabulary(), seed, 400);

                if (text != null) {
                    ended++;
                    assertThat(MAPPER.readTree(text).isObject()).as(text).isTrue();
                }
            }
        }
        assertThat(ended).isPositive();
    }
}
