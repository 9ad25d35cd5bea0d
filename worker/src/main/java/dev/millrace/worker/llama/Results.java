package dev.millrace.worker.llama;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * What was sampled, in direct memory that the native side writes: per result an int and a float (token,
 * log-probability), flags, the number of likeliest tokens, and room for {@link SamplerSettings#MOST_LOGPROBS} of these, likewise
 * an int and a float.
 */
final class Results {
    /** Flags, as in {@code Sampler.h}. */
    private static final int MASKED = 1;

    private static final int FETCHED = 2;

    private static final int PAIR_BYTES = 8;
    private static final int COUNT = PAIR_BYTES + 4;
    static final int BYTES = COUNT + 4 + SamplerSettings.MOST_LOGPROBS * PAIR_BYTES;

    private final ByteBuffer memory;
    private final int start;

    /** Results from this place of the memory on. */
    Results(ByteBuffer memory, int start) {
        this.memory = memory.order(ByteOrder.nativeOrder());
        this.start = start;
    }

    int token(int result) {
        return memory.getInt(start + result * BYTES);
    }

    /** NaN where none was asked for. */
    float logprob(int result) {
        return memory.getFloat(start + result * BYTES + 4);
    }

    boolean masked(int result) {
        return (flags(result) & MASKED) != 0;
    }

    /** Whether what the device had handed over of the row did not suffice. */
    boolean fetched(int result) {
        return (flags(result) & FETCHED) != 0;
    }

    private int flags(int result) {
        return memory.getInt(start + result * BYTES + PAIR_BYTES);
    }

    List<TokenLogprob> likeliest(int result) {
        int place = start + result * BYTES + COUNT;
        int count = memory.getInt(place);
        List<TokenLogprob> likeliest = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int pair = place + 4 + i * PAIR_BYTES;
            likeliest.add(new TokenLogprob(memory.getInt(pair), memory.getFloat(pair + 4)));
        }
        return likeliest;
    }

    void put(int result, int token, float logprob) {
        int place = start + result * BYTES;
        memory.putInt(place, token).putFloat(place + 4, logprob).putLong(place + PAIR_BYTES, 0);
    }
}
