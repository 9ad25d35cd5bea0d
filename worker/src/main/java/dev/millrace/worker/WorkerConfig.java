package dev.millrace.worker;

import dev.millrace.process.Settings;
import dev.millrace.schemas.Topics;
import dev.millrace.worker.engine.EngineSettings;
import dev.millrace.worker.engine.Pace;
import dev.millrace.worker.kafka.KafkaSettings;
import dev.millrace.worker.llama.Device;
import dev.millrace.worker.llama.GgufFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Everything that two workers may differ in.
 *
 * @param workerId name of this process, unique among the workers
 * @param model a GGUF file
 * @param modelName what prompts ask for; null: made from the file's name
 * @param adapters folder of LoRA adapters that prompts may name; null: none
 * @param allowQuantized whether weights may be of other types than F16
 * @param llamaHome a llama.cpp to use instead of the one that came with the build
 * @param devices one engine for each
 * @param slots completions that run at once on one device
 * @param maxModelLen the most tokens of one prompt with its completion; 0: what the model knows
 * @param kvCells tokens that one device's KV cache holds; 0: what fits, up to what the model has use for
 * @param hostCacheBytes host memory for each device's conversations that had to leave its KV cache; 0: none
 * @param batchTokens the most tokens of one step
 * @param prefillShare percent of a step's time that prompts may take while others generate
 * @param threads of one device on the CPU; 0: chosen by the model's size
 * @param exact whether on a CPU a completion depends on nothing but itself, to the last bit
 * @param longestStep of the device; one that takes longer is taken for stuck, and the device is given up
 * @param pace ceiling for each stream, for tests
 * @param doctor whether it is only to be told what a start would use
 */
public record WorkerConfig(
        String workerId,
        Path model,
        @Nullable String modelName,
        @Nullable Path adapters,
        boolean allowQuantized,
        @Nullable Path llamaHome,
        List<Device> devices,
        int slots,
        int maxModelLen,
        int kvCells,
        long hostCacheBytes,
        int batchTokens,
        int prefillShare,
        int threads,
        boolean exact,
        Duration longestStep,
        Pace pace,
        String operationsHost,
        int operationsPort,
        KafkaSettings kafka,
        boolean doctor) {

    private static final long BYTES_PER_MIB = 1 << 20;
    private static final Pattern FILE_NAME = Pattern.compile("(.+?)(-f16)?\\.gguf", Pattern.CASE_INSENSITIVE);

    /** What prompts may ask for: by default the file's name without its ending and without the type F16 of its weights. */
    public String servedModel() {
        if (modelName != null) {
            return modelName;
        }
        String file = String.valueOf(model.getFileName());
        Matcher matcher = FILE_NAME.matcher(file);
        return matcher.matches() ? matcher.group(1) : file;
    }

    /** The most tokens of one prompt with its completion, as far as this model goes. */
    int contextTokens(GgufFile model) {
        return maxModelLen > 0 ? Math.min(maxModelLen, model.contextTokens()) : model.contextTokens();
    }

    /** Asks for every setting; what is wrong with them {@link Settings#check} tells. */
    public static WorkerConfig from(Settings settings) {
        return new WorkerConfig(
                settings.text("worker-id", defaultWorkerId(), "name of this process, unique among the workers"),
                settings.requiredPath("model", "GGUF file with F16 weights"),
                settings.optional("model-name", "name that prompts may ask for; by default the file's"),
                settings.optionalPath("adapters", "folder of LoRA adapters for the model, NAME.gguf"),
                settings.flag("allow-quantized", "takes a model whose weights are not F16"),
                settings.optionalPath("llama-home", "another llama.cpp of the same version"),
                devices(settings),
                settings.integer("slots", 8, 1, 64, "completions that run at once on one device"),
                settings.integer(
                        "max-model-len",
                        0,
                        0,
                        1 << 24,
                        "the most tokens of one prompt with its completion; 0: what the model knows"),
                settings.integer(
                        "kv-cells",
                        0,
                        0,
                        1 << 24,
                        "tokens that one device's KV cache holds; 0: what fits, at most four contexts of the model, on a CPU 32768"),
                BYTES_PER_MIB
                        * settings.integer(
                                "host-cache-mib",
                                1024,
                                0,
                                1 << 20,
                                "host memory for each device's conversations that had to leave its KV cache; 0: none"),
                settings.integer("batch-tokens", 512, 128, 4096, "the most tokens of one step"),
                settings.integer(
                        "prefill-share",
                        40,
                        1,
                        EngineSettings.NO_BUDGET,
                        "percent of a step's time for reading prompts while others generate; 100: as long as it takes"),
                settings.integer("threads", 0, 0, 512, "CPU threads of one device; 0: chosen by the model's size"),
                !settings.flag(
                        "inexact",
                        "on a CPU: a lone completion comes faster, but its rounding depends on who runs beside it"),
                settings.duration(
                        "longest-step",
                        Duration.ofSeconds(60),
                        "a device that takes longer for a step is stuck, and the worker gives up"),
                Pace.of(settings.integer(
                        "pace-tokens-per-second", 0, 0, 1_000_000, "for tests: ceiling for each stream; 0: none")),
                settings.text("operations-host", "127.0.0.1", "address of /healthz, /readyz and /metrics"),
                settings.port("operations-port", 0, "port of /healthz, /readyz and /metrics; 0: any"),
                kafka(settings),
                settings.flag("doctor", "tells what a start would use and what is in its way, and ends"));
    }

    private static List<Device> devices(Settings settings) {
        List<String> names = settings.list("devices", List.of("cpu"), "cpu, or the numbers of GPUs, for example 0,1");
        List<Device> devices = names.stream().map(Device::parse).toList();
        if (devices.stream().distinct().count() < devices.size()) {
            throw new IllegalArgumentException("devices names one twice: " + String.join(",", names));
        }
        return devices;
    }

    private static KafkaSettings kafka(Settings settings) {
        return new KafkaSettings(
                settings.text("kafka-bootstrap", "127.0.0.1:9092", "Kafka's bootstrap servers"),
                new Topics(settings.text("topic-prefix", "", "comes before the name of every topic")),
                settings.text("group", "millrace-workers", "consumer group of the workers"),
                settings.duration(
                        "session-timeout", Duration.ofSeconds(6), "how long a dead worker keeps its partitions"),
                settings.optionalUrl(
                        "schema-registry-url",
                        "registry of the schemas that prompts in Confluent's framing name; user:password@ may precede its host"),
                settings.list("reply-topics", List.of(), "topics besides replies where a worker may answer"),
                settings.integer("partitions", 12, 1, 10_000, "partitions of topics that do not exist yet"),
                (short) settings.integer(
                        "replication-factor",
                        -1,
                        -1,
                        32,
                        "replicas of topics that do not exist yet; -1: the broker's default"),
                settings.prefixed("kafka.", "properties of Kafka's clients, for example kafka.security.protocol"));
    }

    private static String defaultWorkerId() {
        String host = System.getenv().getOrDefault("HOSTNAME", "worker");
        return host + "-" + ProcessHandle.current().pid();
    }

    /** The most prompts that one device takes in: enough that a free slot never waits for Kafka. */
    int mostInFlight() {
        return 4 * slots;
    }
}
