package dev.millrace.worker.llama;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * An open model: weights on a device, and the tokenizer. Thread-safe.
 *
 * <p>Stays open while contexts are open on it or a call is in progress: closing it then is refused with
 * {@link LlamaError#CLOSED}.
 */
public final class LlamaModel implements Tokenizer, AutoCloseable {
    private static final int CONTROL = 1;
    private static final int END_OF_GENERATION = 2;
    /** Measured: docs/bench/engine-profile.md. */
    private static final int MOST_SLOTS_WITH_REPACKED_WEIGHTS = 8;

    /** U+FFFD in UTF-8. */
    private static final byte[] REPLACEMENT = {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD};

    private final Handle handle;
    private final GgufFile file;
    private final Device device;
    private final Vocabulary vocabulary;

    private LlamaModel(Handle handle, GgufFile file, Device device) {
        this.handle = handle;
        this.file = file;
        this.device = device;
        this.vocabulary = readVocabulary(handle);
    }

    /** Loads a model for steps of a few rows: see {@link #open(LlamaLibrary, Path, Device, int, LoadProgress)}. */
    public static LlamaModel open(LlamaLibrary library, Path file, Device device, LoadProgress progress) {
        return open(library, file, device, 1, progress);
    }

    /**
     * Loads a model; minutes for a large one that is not in the page cache.
     *
     * @param slots completions that run at once at most, by which a processor with AMX gets the layout of the weights:
     *     llama.cpp's own for it is faster for a few rows and slower for many. Scores differ in their last bits.
     * @throws LlamaException as {@link GgufFile#inspect}, and {@link LlamaError#DEVICE_UNAVAILABLE},
     *     {@link LlamaError#LOAD_ABORTED}
     */
    public static LlamaModel open(LlamaLibrary library, Path file, Device device, int slots, LoadProgress progress) {
        GgufFile inspected = GgufFile.inspect(library, file);
        int gpu = device instanceof Device.Gpu chosen ? chosen.number() : -1;
        boolean repack = slots <= MOST_SLOTS_WITH_REPACKED_WEIGHTS;
        long opened = checkFile(file, open(LlamaLibrary.bytes(file), gpu, repack, progress));
        return new LlamaModel(new Handle("model " + file, opened, LlamaModel::close), inspected, device);
    }

    /**
     * What one token of one sequence takes in the KV cache. Has llama.cpp read all of the file but its weights, so it also
     * tells whether llama.cpp can run the model; less than a second.
     *
     * @param library only so that nobody calls before the native library is open
     * @throws LlamaException as {@link GgufFile#inspect}
     */
    public static long kvBytesPerToken(LlamaLibrary library, Path file) {
        return checkFile(file, readKvBytesPerToken(LlamaLibrary.bytes(file)));
    }

    /**
     * Loads a LoRA adapter beside the model, with which it goes. Before any context is opened: a context makes room for
     * the adapters that there are.
     *
     * @param file has been found to fit the model by {@link LoraFile#inspect}
     * @return its number in a {@link Batch}: they count from 1
     */
    public int loadAdapter(Path file) {
        byte[] name = LlamaLibrary.bytes(file);
        return (int) handle.call(model -> checkFile(file, loadAdapter(model, name)));
    }

    @Override
    public int[] tokenize(String text) {
        byte[] utf8 = utf8(text);
        int[] tokens = new int[utf8.length / 2 + 16];
        int count = tokenizeInto(utf8, tokens);
        if (count > tokens.length) {
            tokens = new int[count];
            count = tokenizeInto(utf8, tokens);
        }
        return Arrays.copyOf(tokens, count);
    }

    /** Where it computes. */
    Device device() {
        return device;
    }

    @Override
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /** The model's own name; empty if it has none. */
    public String name() {
        return file.name();
    }

    /** What its file says about it. */
    public GgufFile file() {
        return file;
    }

    /** The context that the model was trained for. */
    public int contextTokens() {
        return (int) handle.call(LlamaModel::contextTokens);
    }

    /** Frees the weights. Idempotent. */
    @Override
    public void close() {
        handle.close();
    }

    /** For a context, which holds the model open for as long as it is open itself. */
    Handle handle() {
        return handle;
    }

    /** Names the file in the exception. */
    static long checkFile(Path file, long result) {
        try {
            return LlamaLibrary.check(result);
        } catch (LlamaException e) {
            throw e.about(file.toString());
        }
    }

    private int tokenizeInto(byte[] utf8, int[] tokens) {
        return (int) handle.call(model -> tokenize(model, utf8, tokens));
    }

    private static byte[] utf8(String text) {
        CharsetEncoder encoder = StandardCharsets.UTF_8
                .newEncoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .replaceWith(REPLACEMENT);
        try {
            ByteBuffer encoded = encoder.encode(CharBuffer.wrap(text));
            byte[] utf8 = new byte[encoded.remaining()];
            encoded.get(utf8);
            return utf8;
        } catch (CharacterCodingException e) {
            throw new AssertionError("an encoder that replaces does not throw", e);
        }
    }

    private static Vocabulary readVocabulary(Handle handle) {
        ByteBuffer none = ByteBuffer.allocateDirect(0);
        int bytes = (int) handle.call(model -> vocabulary(model, none, 0));
        ByteBuffer raw = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        handle.call(model -> vocabulary(model, raw, bytes));

        byte[] pieces = new byte[bytes];
        int[] starts = new int[bytes];
        Map<String, Integer> control = new HashMap<>();
        BitSet ends = new BitSet();
        int token = 0;
        while (raw.hasRemaining()) {
            int flags = raw.get();
            byte[] piece = bytes(raw);
            System.arraycopy(piece, 0, pieces, starts[token], piece.length);
            starts[token + 1] = starts[token] + piece.length;
            if ((flags & CONTROL) != 0) {
                control.put(new String(bytes(raw), StandardCharsets.UTF_8), token);
            }
            ends.set(token, (flags & END_OF_GENERATION) != 0);
            token++;
        }
        return new Vocabulary(Arrays.copyOf(pieces, starts[token]), Arrays.copyOf(starts, token + 1), control, ends);
    }

    private static byte[] bytes(ByteBuffer raw) {
        byte[] bytes = new byte[raw.getInt()];
        raw.get(bytes);
        return bytes;
    }

    private static native long open(byte[] file, int gpu, boolean repack, LoadProgress progress);

    private static native long close(long model);

    private static native long loadAdapter(long model, byte[] file);

    private static native long contextTokens(long model);

    private static native long readKvBytesPerToken(byte[] file);

    private static native long tokenize(long model, byte[] utf8, int[] tokens);

    private static native long vocabulary(long model, ByteBuffer out, int bytes);
}
