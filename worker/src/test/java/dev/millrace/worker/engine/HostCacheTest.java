package dev.millrace.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.worker.llama.Batch;
import dev.millrace.worker.llama.SamplerSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is kept and found among many that begin alike, against a search through all of them. */
class HostCacheTest {
    private static final int LIMIT = 3_000;
    private static final int LEAST_TOKENS = 16;
    private static final int MOST_TOKENS = 120;

    private final Random random = new Random(7);
    /** The oldest first. */
    private final List<TokenPrefix> kept = new ArrayList<>();

    @ParameterizedTest
    @CsvSource({"true, 100", "false, 2"})
    void findsWhatASearchThroughAllWouldFind(boolean inHostMemory, int worth) {
        FakeDecoder decoder = new FakeDecoder(1, MOST_TOKENS, MOST_TOKENS, inHostMemory);
        HostCache cache = new HostCache(decoder, LIMIT);
        int hits = 0;

        for (int i = 0; i < 4000; i++) {
            TokenPrefix wanted = likeAnother();
            HostCache.Saved found = cache.worthBringing(wanted);
            Integer length = search(wanted, worth);
            assertThat(found == null ? null : found.held().length()).isEqualTo(length);
            hits += length == null ? 0 : 1;

            TokenPrefix added = likeAnother();
            decoder.admit(0, SamplerSettings.GREEDY);
            Batch batch = new Batch(MOST_TOKENS);
            IntStream.range(0, added.length()).forEach(at -> batch.add(0, added.tokens()[at], at));
            decoder.step(batch);
            cache.save(new Sequence(0, added.adapter(), added.tokens(), added.length()));
            keep(added);
            assertThat(decoder.savedTokens()).isEqualTo(tokens()).isLessThanOrEqualTo(LIMIT);
        }

        assertThat(hits).isBetween(500, 3500);
        cache.clear();
        assertThat(decoder.savedTokens()).isZero();
    }

    /** It begins like one that is kept, and goes on with some of very few tokens. */
    private TokenPrefix likeAnother() {
        int adapter = random.nextInt(2);
        int[] tail = random.ints(1 + random.nextInt(30), 0, 2).toArray();
        if (kept.isEmpty() || random.nextInt(10) == 0) {
            return new TokenPrefix(adapter, tail, tail.length);
        }
        TokenPrefix other = kept.get(random.nextInt(kept.size()));
        int common = Math.min(random.nextInt(other.length() + 1), MOST_TOKENS - tail.length);
        int[] tokens = SchedulerFixture.join(Arrays.copyOf(other.tokens(), common), tail);
        return new TokenPrefix(other.adapter(), tokens, tokens.length);
    }

    private void keep(TokenPrefix added) {
        if (kept.stream().anyMatch(other -> other.common(added) == added.length())) {
            return;
        }
        kept.removeIf(other -> other.common(added) == other.length());
        while (tokens() + added.length() > LIMIT) {
            kept.remove(0);
        }
        kept.add(added);
    }

    /** The length of the shortest of those that have the most in common, where that is worth it. */
    private @Nullable Integer search(TokenPrefix wanted, int worth) {
        int most = kept.stream().mapToInt(other -> other.common(wanted)).max().orElse(0);
        int shortest = kept.stream()
                .filter(other -> other.common(wanted) == most)
                .mapToInt(TokenPrefix::length)
                .min()
                .orElse(0);
        return most < LEAST_TOKENS || worth * most < shortest ? null : shortest;
    }

    private int tokens() {
        return kept.stream().mapToInt(TokenPrefix::length).sum();
    }
}
