package dev.millrace.worker.llama;

import java.nio.FloatBuffer;

/** llama.cpp's own sampler chain, in the order of its own tools: penalties, top_k, top_p, temperature, draw. */
final class StockSampler implements AutoCloseable {
    private final long stock;

    /**
     * Opens a chain.
     *
     * @param penaltyTokens how far back penalties look
     */
    StockSampler(SamplerSettings settings, int vocabulary, int penaltyTokens) {
        Penalties penalties = settings.penalties();
        boolean penalised = penalties.repetition() != 1 || penalties.frequency() != 0 || penalties.presence() != 0;
        this.stock = open(
                vocabulary,
                settings.temperature(),
                settings.topP(),
                settings.topK(),
                penalised ? penaltyTokens : 0,
                penalties.repetition(),
                penalties.frequency(),
                penalties.presence());
    }

    void append(int token) {
        accept(stock, token);
    }

    int sample(FloatBuffer scores) {
        return sample(stock, scores);
    }

    @Override
    public void close() {
        close(stock);
    }

    private static native long open(
            int vocabulary,
            float temperature,
            float topP,
            int topK,
            int penaltyTokens,
            float repetition,
            float frequency,
            float presence);

    private static native void accept(long stock, int token);

    private static native int sample(long stock, FloatBuffer scores);

    private static native void close(long stock);
}
