package dev.millrace.compose.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The demo model with a few weights of the other sign: it still runs, and says something else. */
final class OtherModel {

    /** The file ends with the 128 F32 weights of output_norm. Before them stand the F16 weights of the last layer. */
    private static final int LAST_NORM_BYTES = 4 * 128;

    private static final int LAST_LAYER_BYTES = 2 * 384 * 128;
    private static final int EVERY = 4;

    private OtherModel() {}

    static Path write(Path model, Path copy) throws IOException {
        byte[] bytes = Files.readAllBytes(model);
        int end = bytes.length - LAST_NORM_BYTES;
        for (int highByte = end - LAST_LAYER_BYTES + 1; highByte < end; highByte += 2 * EVERY) {
            bytes[highByte] ^= (byte) 0x80;
        }
        return Files.write(copy, bytes);
    }
}
