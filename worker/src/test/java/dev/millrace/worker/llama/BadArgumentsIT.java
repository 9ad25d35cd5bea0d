package dev.millrace.worker.llama;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Calls every native method with arguments that no Java code would pass, in a JVM of its own: none of them may end it.
 */
class BadArgumentsIT {
    private static final List<Class<?>> CLASSES =
            List.of(LlamaLibrary.class, GgufReader.class, LlamaModel.class, LlamaContext.class, Sampler.class);
    private static final int ROUNDS = 3_000;

    @Test
    void noneEndsTheProcess() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xcheck:jni",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Caller.class.getName())
                .redirectErrorStream(true)
                .start();

        String said = new String(process.getInputStream().readAllBytes(), UTF_8);

        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).contains("lived through").doesNotContain("WARNING in native method");
    }

    /** Draws arguments from values that are wrong in different ways, and some that are right. */
    static final class Caller {
        private static final byte[] MODEL = LlamaLibrary.bytes(DemoModel.FILE);

        private static final SamplerSettings SETTINGS = new SamplerSettings(
                1, 0.9f, 0, 0.1f, 7, new Penalties(1.1f, 0.1f, 0.1f, 2), List.of(new TokenBias(1, 1)), 20);

        private final Random random = new Random(1);
        private final List<Long> handles = new ArrayList<>(List.of(0L, -1L, 1L, Long.MAX_VALUE, Long.MIN_VALUE));
        private int refused;
        private int calls;

        public static void main(String[] arguments) throws IllegalAccessException {
            try (LlamaModel model = DemoModel.open();
                    LlamaContext context = LlamaContext.open(model, new ContextSettings(64, 2, 8, 1))) {
                LlamaModel closed = DemoModel.open();
                closed.close();
                context.admit(0, SamplerSettings.GREEDY);
                new Caller().run();
                Batch batch = new Batch(1);
                context.admit(0, SamplerSettings.GREEDY);
                batch.addOutput(0, 1, 0, 0);
                context.step(batch);
            }
        }

        private void run() throws IllegalAccessException {
            for (long handle = 2; handle < 8; handle++) {
                handles.add(handle);
            }
            List<Method> methods = CLASSES.stream()
                    .flatMap(Caller::nativeMethods)
                    .filter(method -> !method.getName().equals("close"))
                    .toList();
            for (Method method : methods) {
                method.setAccessible(true);
                for (int round = 0; round < ROUNDS; round++) {
                    call(method);
                }
            }
            System.out.println("lived through " + calls + " calls, of which refused " + refused);
        }

        private static Stream<Method> nativeMethods(Class<?> type) {
            return Stream.of(type.getDeclaredMethods()).filter(method -> Modifier.isNative(method.getModifiers()));
        }

        private void call(Method method) throws IllegalAccessException {
            Object[] arguments = Arrays.stream(method.getParameterTypes())
                    .map(this::argument)
                    .toArray();
            try {
                calls++;
                long result = method.invoke(null, arguments) instanceof Long number ? number : 0;
                refused += result < 0 ? 1 : 0;
                if (result > 0 && method.getName().equals("open")) {
                    close(method.getDeclaringClass(), result);
                }
            } catch (InvocationTargetException e) {
                throw new AssertionError(method + Arrays.toString(arguments), e);
            }
        }

        private void close(Class<?> type, long handle) throws IllegalAccessException, InvocationTargetException {
            Method close = nativeMethods(type)
                    .filter(method -> method.getName().equals("close"))
                    .findFirst()
                    .orElseThrow();
            close.setAccessible(true);
            assertThat(close.invoke(null, handle)).isEqualTo(0L);
            assertThat((Long) close.invoke(null, handle)).isNegative();
        }

        private @Nullable Object argument(Class<?> type) {
            if (type == long.class) {
                return pick(handles.toArray());
            }
            if (type == int.class) {
                return pick(0, 1, 2, 7, -1, 300, 1 << 27, Integer.MAX_VALUE, Integer.MIN_VALUE);
            }
            if (type == boolean.class) {
                return random.nextBoolean();
            }
            if (type == float.class) {
                return pick(0f, 1f, -1f, 0.5f, Float.NaN, Float.POSITIVE_INFINITY, Float.MIN_VALUE, Float.MAX_VALUE);
            }
            if (type == byte[].class) {
                return pick(
                        null,
                        new byte[0],
                        new byte[] {0},
                        noise(40),
                        ".".getBytes(UTF_8),
                        MODEL,
                        "a\0b".getBytes(UTF_8));
            }
            if (type == int[].class) {
                return pick(null, new int[0], new int[100]);
            }
            if (type == FloatBuffer.class) {
                return pick(null, FloatBuffer.allocate(8), scores(0), scores(8), scores(5000));
            }
            if (type == ByteBuffer.class) {
                ByteBuffer odd = ByteBuffer.allocateDirect(400).position(1).slice();
                return pick(
                        null, ByteBuffer.allocate(64), batch(0), batch(24), batch(184 * 300), odd, SETTINGS.memory());
            }
            return pick(null, LoadProgress.SILENT);
        }

        /** Rows of noise, most of it small numbers. */
        private ByteBuffer batch(int bytes) {
            ByteBuffer batch = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
            while (batch.remaining() >= 4) {
                int[] values = {0, 1, 0, 1, -1, 2, 3, random.nextInt(), 2047, 2048};
                batch.putInt(values[random.nextInt(values.length)]);
            }
            return batch.clear();
        }

        private FloatBuffer scores(int count) {
            FloatBuffer scores = ByteBuffer.allocateDirect(4 * count)
                    .order(ByteOrder.nativeOrder())
                    .asFloatBuffer();
            for (int i = 0; i < count; i++) {
                scores.put(i, Float.intBitsToFloat(random.nextInt()));
            }
            return scores;
        }

        private byte[] noise(int size) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            return bytes;
        }

        private @Nullable Object pick(@Nullable Object... values) {
            return values[random.nextInt(values.length)];
        }
    }
}
