package dev.millrace.worker.llama;

import java.util.ArrayList;
import java.util.List;

/** One sequence on its way through a decoder: a prompt in chunks, then a token at a time. */
final class Generation {
    final List<Integer> tokens = new ArrayList<>();
    /** The bits of each log-probability: equal only if bitwise equal. */
    final List<Integer> logprobBits = new ArrayList<>();

    final int sequence;
    private final int[] prompt;
    private final int chunk;
    private final int wanted;
    private int length;

    Generation(Decoder decoder, int sequence, SamplerSettings settings, int[] prompt, int chunk, int wanted) {
        this.sequence = sequence;
        this.prompt = prompt;
        this.chunk = chunk;
        this.wanted = wanted;
        decoder.admit(sequence, settings);
    }

    /** The sequence holds the first tokens of the prompt already. */
    Generation goingOnAt(int held) {
        length = held;
        return this;
    }

    /** Steps until each has the tokens that it wanted. */
    static void run(Decoder decoder, List<Generation> generations) {
        Batch batch = new Batch(decoder.batchTokens());
        while (step(decoder, batch, generations)) {
            // until nobody has anything to decode
        }
    }

    /** Whether there was anything to decode. */
    static boolean step(Decoder decoder, Batch batch, List<Generation> generations) {
        batch.clear();
        generations.forEach(generation -> generation.addRows(batch));
        if (batch.size() == 0) {
            return false;
        }
        decoder.step(batch);
        generations.forEach(generation -> generation.take(batch));
        return true;
    }

    /** Runs alone, by guesses where that goes. Returns how many of them were right. */
    int runGuessing(Decoder decoder) {
        Batch batch = new Batch(decoder.batchTokens());
        int right = 0;
        while (tokens.size() < wanted) {
            batch.clear();
            addRows(batch);
            int asked = batch.outputs();
            decoder.stepGuessing(batch);
            right += batch.outputs() - asked;
            length = batch.position(batch.size() - 1) + 1;
            take(batch);
        }
        return right;
    }

    private void take(Batch batch) {
        for (int output = 0; output < batch.outputs(); output++) {
            if (sequence == batch.outputSequence(output) && tokens.size() < wanted) {
                tokens.add(batch.sampledToken(output));
                logprobBits.add(Float.floatToRawIntBits(batch.sampledLogprob(output)));
            }
        }
    }

    private void addRows(Batch batch) {
        if (tokens.size() == wanted) {
            return;
        }
        if (!tokens.isEmpty()) {
            batch.addOutput(sequence, tokens.get(tokens.size() - 1), length++, tokens.size());
            return;
        }
        for (int i = 0; i < chunk && length < prompt.length; i++) {
            if (length == prompt.length - 1) {
                batch.addOutput(sequence, prompt[length], length, 0);
            } else {
                batch.add(sequence, prompt[length], length);
            }
            length++;
        }
    }
}
