package dev.millrace.gateway.dialect;

import static dev.millrace.gateway.dialect.ErrorCode.INVALID_VALUE;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Generation parameters for a purpose, by one name. What a request gives itself wins. The chat page offers the same
 * three.
 */
enum Preset {
    /** Factual answers: keeps to what is likely. */
    FACTUAL(0.3f, 0.8f),
    /** Creative writing: less likely words, and more of them. */
    CREATIVE(0.9f, 0.95f),
    /** Dialogue: what the model's makers advise. */
    DIALOGUE(0.7f, 0.8f);

    private final float temperature;
    private final float topP;

    Preset(float temperature, float topP) {
        this.temperature = temperature;
        this.topP = topP;
    }

    float temperature() {
        return temperature;
    }

    float topP() {
        return topP;
    }

    static @Nullable Preset read(Fields fields) throws BadEventException {
        String name = fields.text("preset");
        if (name == null) {
            return null;
        }
        return Arrays.stream(values())
                .filter(preset -> preset.wireName().equals(name))
                .findFirst()
                .orElseThrow(() -> new BadEventException(
                        INVALID_VALUE,
                        "preset",
                        "preset must be one of "
                                + Arrays.stream(values()).map(Preset::wireName).collect(Collectors.joining(", "))));
    }

    private String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
