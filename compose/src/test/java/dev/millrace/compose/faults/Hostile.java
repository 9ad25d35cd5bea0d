package dev.millrace.compose.faults;

import dev.millrace.schemas.EventCodec;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Records that are no prompts, and prompts that cannot be answered, among good streams; and a worker dies besides. */
final class Hostile {

    /** Of single-object encoding: the marker and the schema's fingerprint. */
    private static final int HEADER_BYTES = 10;

    private static final int LARGEST_PROMPT_CHARACTERS = (8 << 20) - 1000;
    private static final Message HELLO = new Message(Role.USER, "Hello");

    private Hostile() {}

    static void strike(Round round) throws Exception {
        sendAll(round);
        WorkerFaults.kill(round);
        sendAll(round);
    }

    private static void sendAll(Round round) throws ExecutionException, InterruptedException {
        Random random = round.random();
        byte[] noise = new byte[1 + random.nextInt(2000)];
        random.nextBytes(noise);
        byte[] good = prompt(HELLO, null);
        round.sendRaw(noise);
        round.sendRaw(new byte[0]);
        round.sendRaw(Arrays.copyOf(good, random.nextInt(good.length)));
        round.sendRaw(bomb(good, 0));
        round.sendRaw(bomb(good, good.length - HEADER_BYTES - 20));
        for (String topic : List.of("prompts", "completions", "workers", "no-such-topic")) {
            round.sendRaw(prompt(HELLO, new ReplyAddress(topic, 0, 0L)));
        }
        round.sendRaw(prompt(HELLO, new ReplyAddress("replies", 1_000, 0L)));
        round.ask(refused(HELLO, Sampling.newBuilder().setTemperature(Float.NaN)));
        round.ask(refused(HELLO, Sampling.newBuilder().setTopP(Float.POSITIVE_INFINITY)));
        round.ask(refused(HELLO, Sampling.newBuilder().setMaxNewTokens(Integer.MIN_VALUE)));
        round.ask(refused(new Message(Role.USER, "x ".repeat(LARGEST_PROMPT_CHARACTERS / 2)), Sampling.newBuilder()));
    }

    private static Question refused(Message message, Sampling.Builder sampling) {
        return new Question(List.of(message), sampling.build(), List.of(Answer.REFUSED));
    }

    private static byte[] prompt(Message message, @Nullable ReplyAddress replyTo) {
        Prompt prompt = new Question(List.of(message), Sampling.newBuilder().build(), List.of())
                .prompt(UUID.randomUUID(), replyTo);
        return EventCodec.PROMPT.encode(prompt);
    }

    /** After so many bytes of a good prompt's body comes a length that no memory holds. */
    private static byte[] bomb(byte[] good, int keptBytes) {
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        bomb.write(good, 0, HEADER_BYTES + keptBytes);
        for (int i = 0; i < 9; i++) {
            bomb.write(0xFE);
        }
        bomb.write(0x01);
        return bomb.toByteArray();
    }
}
