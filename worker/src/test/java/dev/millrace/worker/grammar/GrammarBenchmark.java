package dev.millrace.worker.grammar;

import dev.millrace.worker.llama.Grammar;
import dev.millrace.worker.llama.LlamaLibrary;
import dev.millrace.worker.llama.Sampler;
import dev.millrace.worker.llama.SamplerSettings;
import dev.millrace.worker.llama.Vocabulary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Part of {@code make bench-sampler}: what a grammar adds to the choice of a token, at a vocabulary as large as Qwen3's.
 * Its pieces are made up: single bytes, words of letters of several scripts with and without a blank before them, digits,
 * punctuation of JSON.
 */
final class GrammarBenchmark {
    private static final int TOKENS = 151_936;
    private static final int ANSWERS = 12;
    private static final int LONGEST_ANSWER = 200;
    private static final String SCHEMA = """
            {"type": "object", "required": ["title", "tags", "parts"], "properties": {
              "title": {"type": "string"}, "tags": {"type": "array", "items": {"enum": ["a", "bc", "水"]}},
              "parts": {"type": "array", "items": {"type": "object", "required": ["n", "text"], "properties": {
                "n": {"type": "integer"}, "text": {"type": "string", "maxLength": 100}}}}}}""";

    private GrammarBenchmark() {}

    public static void main(String[] arguments) throws GrammarException {
        LlamaLibrary library = LlamaLibrary.load(LlamaLibrary.nativeDirectory(), null);
        Vocabulary vocabulary = vocabulary();
        System.out.printf("%-42s %9s %9s %9s%n", "ms a token", "median", "p99", "most");
        run(library, vocabulary, "no grammar", null);
        run(library, vocabulary, "any JSON object", ResponseGrammar.ofJsonObject());
        run(library, vocabulary, "a JSON schema", ResponseGrammar.ofJsonSchema(SCHEMA));
    }

    private static void run(LlamaLibrary library, Vocabulary vocabulary, String name, @Nullable Grammar grammar) {
        List<Double> ms = new ArrayList<>();
        for (int answer = 0; answer < ANSWERS; answer++) {
            SamplerSettings settings = new SamplerSettings(0.7f, 0.8f, 20, answer).withGrammar(grammar);
            List<FloatBuffer> rows = rows(answer);
            try (Sampler sampler = Sampler.open(library, settings, vocabulary)) {
                for (int index = 0; index < LONGEST_ANSWER; index++) {
                    long before = System.nanoTime();
                    int token =
                            sampler.sample(rows.get(index % rows.size()), index).token();
                    ms.add((System.nanoTime() - before) / 1e6);
                    if (vocabulary.isEndOfGeneration(token)) {
                        break;
                    }
                    sampler.append(token);
                }
            }
        }
        double[] sorted = ms.stream().mapToDouble(of -> of).sorted().toArray();
        int last = sorted.length - 1;
        System.out.printf("%-42s %9.3f %9.3f %9.3f%n", name, sorted[last / 2], sorted[last * 99 / 100], sorted[last]);
    }

    private static List<FloatBuffer> rows(int seed) {
        return IntStream.range(0, 8)
                .mapToObj(row -> {
                    Random random = new Random(seed * 31L + row);
                    FloatBuffer scores = ByteBuffer.allocateDirect(TOKENS * Float.BYTES)
                            .order(ByteOrder.nativeOrder())
                            .asFloatBuffer();
                    IntStream.range(0, TOKENS).forEach(token -> scores.put(token, (float) random.nextGaussian() * 2));
                    return scores;
                })
                .toList();
    }

    private static Vocabulary vocabulary() {
        Random random = new Random(1);
        List<byte[]> pieces = new ArrayList<>();
        IntStream.range(0, 256).forEach(value -> pieces.add(new byte[] {(byte) value}));
        Set<String> words =
                new LinkedHashSet<>(Arrays.asList("{\"", "\":", "\": \"", "\",", "\", \"", "},", "\"}", "]}", "\n  "));
        String[] scripts = {
            "etaoinshrdlcumwfgypbvk", "etaoinsrhl", "的一是不了人我在有他", "оеаинтсрвл", "いのはをにたとでがな", "0123456789"
        };
        while (words.size() < TOKENS - 257) {
            String letters = scripts[random.nextInt(scripts.length)];
            StringBuilder word = new StringBuilder(random.nextInt(3) == 0 ? "" : " ");
            for (int length = 1 + random.nextInt(8); length > 0; length--) {
                word.append(letters.charAt(random.nextInt(letters.length())));
            }
            words.add(word.toString());
        }
        words.forEach(word -> pieces.add(word.getBytes(StandardCharsets.UTF_8)));
        pieces.add(new byte[0]);
        return Vocabulary.of(pieces, Map.of("<end>", TOKENS - 1), List.of(TOKENS - 1));
    }
}
