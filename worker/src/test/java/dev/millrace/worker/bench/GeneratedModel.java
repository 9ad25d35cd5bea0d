package dev.millrace.worker.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes a model of Qwen3's architecture with random F16 weights: as fast as one of this shape, and without sense. A GGUF
 * file as <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">its specification</a> has it.
 */
final class GeneratedModel {
    /** Qwen3's vocabulary; 0.27 billion weights, 0.54 GB. Input and output share their embedding, as in Qwen3-4B. */
    static final Shape BENCHMARK = new Shape(151_936, 768, 2304, 20, 8, 4, 128);

    /** Of exactly Qwen3-4B's shape: 4.02 billion weights, 8.04 GB. */
    static final Shape QWEN3_4B = new Shape(151_936, 2560, 9728, 36, 32, 8, 128);

    /** The same made small, for a CPU. */
    static final Shape SMALL = new Shape(16_384, 320, 1216, 4, 4, 1, 128);

    /**
     * Numbers of weights.
     *
     * @param heads that ask, and of keys and values fewer: {@code kvHeads}
     */
    record Shape(int vocabulary, int width, int feedForward, int layers, int heads, int kvHeads, int headWidth) {}

    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;
    private static final int U32 = 4;
    private static final int I32 = 5;
    private static final int F32 = 6;
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final int TENSOR_F32 = 0;
    private static final int TENSOR_F16 = 1;

    private static final int NORMAL = 1;
    private static final int CONTROL = 3;
    /** The last tokens of the vocabulary; a completion ends with the last of them. */
    private static final List<String> CONTROL_TOKENS = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");

    private static final int BYTE_TOKENS = 256;
    /** Of Han, Cyrillic, Thai, Arabic and Hiragana: each the first of so many letters of its script. */
    private static final String FIRST_LETTERS = "\u4e00\u0430\u0e01\u0620\u3041";

    private static final int LETTERS = 32;
    private static final int CONTEXT_TOKENS = 1 << 19;
    private static final int HEAD_BYTES = 1 << 24;
    private static final int BLOCK_BYTES = 1 << 16;
    /** Sign and fraction of four halves; the exponent makes them ±0.031 to ±0.062. */
    private static final long RANDOM_BITS = 0x83ff_83ff_83ff_83ffL;

    private static final long EXPONENTS = 0x2800_2800_2800_2800L;

    private final Shape shape;
    private final ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final List<Tensor> tensors = new ArrayList<>();
    private int keys;

    private GeneratedModel(Shape shape) {
        this.shape = shape;
    }

    /** A vector is a norm's, all ones; a matrix is random. */
    private record Tensor(String name, List<Integer> sizes) {
        boolean norm() {
            return sizes.size() == 1;
        }

        long bytes() {
            return norm() ? 4L * sizes.get(0) : 2L * sizes.get(0) * sizes.get(1);
        }
    }

    /** Writes the file, unless it is there and begins as this one would. */
    static Path write(Path file, Shape shape) throws IOException {
        GeneratedModel model = new GeneratedModel(shape);
        model.putHead();
        if (!model.begins(file)) {
            Path unfinished = Path.of(file + ".part");
            try (OutputStream out = Files.newOutputStream(unfinished)) {
                model.write(out);
            }
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
        }
        return file;
    }

    private void putHead() {
        addTensors();
        head.put("GGUF".getBytes(UTF_8)).putInt(VERSION).putLong(tensors.size());
        int countAt = head.position();
        head.putLong(0);
        putKeys();
        head.putLong(countAt, keys);
        putTensors();
    }

    private boolean begins(Path file) throws IOException {
        if (!Files.exists(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(head.position()), Arrays.copyOf(head.array(), head.position()));
        }
    }

    private void write(OutputStream out) throws IOException {
        out.write(head.array(), 0, align(head.position()));
        SplittableRandom random = new SplittableRandom(1);
        for (Tensor tensor : tensors) {
            writeWeights(out, tensor, random);
        }
    }

    private void addTensors() {
        int width = shape.width();
        int queries = shape.heads() * shape.headWidth();
        int values = shape.kvHeads() * shape.headWidth();
        add("token_embd.weight", width, shape.vocabulary());
        add("output_norm.weight", width);
        for (int layer = 0; layer < shape.layers(); layer++) {
            String block = "blk." + layer + ".";
            add(block + "attn_norm.weight", width);
            add(block + "attn_q.weight", width, queries);
            add(block + "attn_k.weight", width, values);
            add(block + "attn_v.weight", width, values);
            add(block + "attn_q_norm.weight", shape.headWidth());
            add(block + "attn_k_norm.weight", shape.headWidth());
            add(block + "attn_output.weight", queries, width);
            add(block + "ffn_norm.weight", width);
            add(block + "ffn_gate.weight", width, shape.feedForward());
            add(block + "ffn_up.weight", width, shape.feedForward());
            add(block + "ffn_down.weight", shape.feedForward(), width);
        }
    }

    private void add(String name, Integer... sizes) {
        tensors.add(new Tensor(name, List.of(sizes)));
    }

    private void putKeys() {
        put("general.architecture", "qwen3");
        put("general.name", "Random weights");
        put("qwen3.context_length", CONTEXT_TOKENS);
        put("qwen3.block_count", shape.layers());
        put("qwen3.embedding_length", shape.width());
        put("qwen3.feed_forward_length", shape.feedForward());
        put("qwen3.attention.head_count", shape.heads());
        put("qwen3.attention.head_count_kv", shape.kvHeads());
        put("qwen3.attention.key_length", shape.headWidth());
        put("qwen3.attention.value_length", shape.headWidth());
        putKey("qwen3.attention.layer_norm_rms_epsilon", F32).putFloat(1e-6f);
        putKey("qwen3.rope.freq_base", F32).putFloat(1e6f);
        put("tokenizer.ggml.model", "gpt2");
        put("tokenizer.ggml.pre", "qwen2");
        put("tokenizer.ggml.eos_token_id", shape.vocabulary() - 1);
        putVocabulary();
    }

    /** Every byte, then made-up words of several scripts, then the control tokens; two bytes that merge. */
    private void putVocabulary() {
        int control = shape.vocabulary() - CONTROL_TOKENS.size();
        putArray("tokenizer.ggml.tokens", STRING, shape.vocabulary());
        for (int token = 0; token < shape.vocabulary(); token++) {
            putText(token >= control ? CONTROL_TOKENS.get(token - control) : text(token));
        }
        putArray("tokenizer.ggml.token_type", I32, shape.vocabulary());
        for (int token = 0; token < shape.vocabulary(); token++) {
            head.putInt(token >= control ? CONTROL : NORMAL);
        }
        putArray("tokenizer.ggml.merges", STRING, 1);
        putText(text('m') + " " + text('r'));
    }

    private static String text(int token) {
        if (token < BYTE_TOKENS) {
            return text((byte) token);
        }
        StringBuilder text = new StringBuilder();
        for (byte of : (token == BYTE_TOKENS ? "mr" : word(token)).getBytes(UTF_8)) {
            text.append(text(of));
        }
        return text.toString();
    }

    /** Its number in letters: every other one in Latin, the rest in the other scripts by turns. */
    private static String word(int token) {
        if (token % 2 == 0) {
            return "w" + Integer.toString(token, 36);
        }
        char first = FIRST_LETTERS.charAt(token / 2 % FIRST_LETTERS.length());
        return Integer.toString(token, LETTERS)
                .chars()
                .map(digit -> first + Character.digit(digit, LETTERS))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** GPT-2 writes a byte that is no printable character as one from 256 on, in their order. */
    private static String text(byte of) {
        int code = Byte.toUnsignedInt(of);
        if (printable(code)) {
            return Character.toString(code);
        }
        int unprintable = 0;
        for (int before = 0; before < code; before++) {
            unprintable += printable(before) ? 0 : 1;
        }
        return Character.toString(BYTE_TOKENS + unprintable);
    }

    private static boolean printable(int code) {
        return (code > ' ' && code < 0x7f) || (code > 0xa0 && code != 0xad);
    }

    private void putTensors() {
        long offset = 0;
        for (Tensor tensor : tensors) {
            putText(tensor.name());
            head.putInt(tensor.sizes().size());
            for (int size : tensor.sizes()) {
                head.putLong(size);
            }
            head.putInt(tensor.norm() ? TENSOR_F32 : TENSOR_F16).putLong(offset);
            offset += align(tensor.bytes());
        }
    }

    private static void writeWeights(OutputStream out, Tensor tensor, SplittableRandom random) throws IOException {
        ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long left = tensor.bytes(); left > 0; left -= block.limit()) {
            block.clear().limit((int) Math.min(left, BLOCK_BYTES));
            while (block.hasRemaining()) {
                if (tensor.norm()) {
                    block.putFloat(1);
                } else {
                    block.putLong((random.nextLong() & RANDOM_BITS) | EXPONENTS);
                }
            }
            out.write(block.array(), 0, block.limit());
        }
        out.write(new byte[(int) (align(tensor.bytes()) - tensor.bytes())]);
    }

    private static int align(int bytes) {
        return (int) align((long) bytes);
    }

    private static long align(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private void put(String key, int value) {
        putKey(key, U32).putInt(value);
    }

    private void put(String key, String value) {
        putKey(key, STRING);
        putText(value);
    }

    private void putArray(String key, int type, int count) {
        putKey(key, ARRAY).putInt(type).putLong(count);
    }

    private ByteBuffer putKey(String key, int type) {
        keys++;
        putText(key);
        return head.putInt(type);
    }

    private void putText(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        head.putLong(bytes.length).put(bytes);
    }
}
