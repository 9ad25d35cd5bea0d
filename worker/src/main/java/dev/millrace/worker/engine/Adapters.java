package dev.millrace.worker.engine;

import dev.millrace.worker.llama.Decoder;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The LoRA adapters that prompts may name. Immutable.
 *
 * @param inOrder the first has the number 1 on the device
 */
public record Adapters(List<Adapter> inOrder) {
    public static final Adapters NONE = new Adapters(List.of());

    /**
     * One of them.
     *
     * @param digest of its weights
     */
    public record Adapter(String name, String digest) {}

    public Adapters {
        inOrder = List.copyOf(inOrder);
    }

    /**
     * The number of the adapter with this name; that of none for null.
     *
     * @throws PromptRefusedException {@code adapter_not_found}
     */
    public int number(@Nullable String name) throws PromptRefusedException {
        int number = find(name);
        if (name != null && number == Decoder.NO_ADAPTER) {
            throw new PromptRefusedException(
                    ErrorCode.ADAPTER_NOT_FOUND, "adapter", "this worker has no such adapter; " + known());
        }
        return number;
    }

    /**
     * By what a completion is computed: only a worker with the same may continue it.
     *
     * @param modelId that of the model alone, which is also the answer for an adapter that is not known
     */
    public String modelId(String modelId, @Nullable String name) {
        int number = find(name);
        return number == Decoder.NO_ADAPTER
                ? modelId
                : modelId + "+" + inOrder.get(number - 1).digest();
    }

    public List<String> names() {
        return inOrder.stream().map(Adapter::name).toList();
    }

    private int find(@Nullable String name) {
        return IntStream.rangeClosed(1, inOrder.size())
                .filter(number -> inOrder.get(number - 1).name().equals(name))
                .findFirst()
                .orElse(Decoder.NO_ADAPTER);
    }

    private String known() {
        return inOrder.isEmpty() ? "it has none" : "it has " + String.join(", ", names());
    }
}
