package dev.millrace.compose.faults;

import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.stack.Installation;
import dev.millrace.schemas.TopicSetup;
import dev.millrace.schemas.Topics;
import dev.millrace.worker.WorkerMain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/** A broker and workers, each a process of its own that this one started. Owned by the main thread. */
final class Cluster implements AutoCloseable {

    static final int PARTITIONS = 6;

    private static final int WORKERS = 3;
    private static final int SLOTS = 64;

    /** An answer takes seconds, so that faults meet it. */
    private static final String PACE = "--pace-tokens-per-second=20";

    private final Topics topics = new Topics("");
    private final Layout layout;
    private final Path otherModel;
    private final @Nullable SmallDisk disk;
    private final BrokerProcess broker;
    private final LogReader reader;
    private final List<Worker> workers = new ArrayList<>();
    private @Nullable Gateways gateways;
    private int workersStarted;

    private Cluster(Path directory, Layout layout) throws IOException, InterruptedException {
        this.layout = layout;
        this.otherModel = OtherModel.write(Installation.MODEL, directory.resolve("other-f16.gguf"));
        this.disk = layout == Layout.SMALL_DISK ? SmallDisk.mount(directory.resolve("disk")) : null;
        this.broker = new BrokerProcess(disk == null ? directory.resolve("broker") : disk.broker());
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap()))) {
            TopicSetup.ensure(admin, topics, PARTITIONS, (short) 1);
        }
        this.reader = new LogReader(bootstrap(), topics, PARTITIONS);
    }

    /** Without workers yet. */
    static Cluster empty(Layout layout) throws IOException, InterruptedException {
        return new Cluster(Files.createTempDirectory(Path.of("target"), "faults"), layout);
    }

    static Cluster start(Layout layout) throws IOException, InterruptedException {
        Cluster cluster = empty(layout);
        for (int i = 0; i < WORKERS; i++) {
            boolean other = layout == Layout.TWO_MODELS && i == 1;
            cluster.startWorker(other ? cluster.otherModel : Installation.MODEL, i == WORKERS - 1, PACE);
        }
        if (layout == Layout.GATEWAYS) {
            cluster.gateways = new Gateways(cluster.bootstrap());
        }
        return cluster;
    }

    Worker startWorker(Path model, boolean proxied, String... settings) throws IOException {
        String id = "w" + ++workersStarted;
        List<String> all = new ArrayList<>(List.of(
                "--kafka-bootstrap=" + (proxied ? broker.bootstrapThroughProxy() : bootstrap()),
                "--worker-id=" + id,
                "--model=" + model,
                "--slots=" + SLOTS,
                "--session-timeout=1s"));
        all.addAll(layout.workerSettings());
        all.addAll(List.of(settings));
        Worker worker =
                new Worker(id + "-cpu", JavaProcess.start(WorkerMain.class, Map.of(), all.toArray()), model, proxied);
        workers.add(worker);
        return worker;
    }

    /** For one whose process has ended. */
    void replace(Worker worker) throws IOException {
        workers.remove(worker);
        worker.process().close();
        boolean sameModel = layout != Layout.TWO_MODELS || worker.model().equals(otherModel);
        startWorker(sameModel ? Installation.MODEL : otherModel, worker.proxied(), PACE);
    }

    List<Worker> workers() {
        return List.copyOf(workers);
    }

    BrokerProcess broker() {
        return broker;
    }

    LogReader reader() {
        return reader;
    }

    SmallDisk disk() {
        if (disk == null) {
            throw new IllegalStateException("this layout has no small disk");
        }
        return disk;
    }

    Gateways gateways() {
        if (gateways == null) {
            throw new IllegalStateException("this layout has no gateways");
        }
        return gateways;
    }

    Layout layout() {
        return layout;
    }

    Path otherModel() {
        return otherModel;
    }

    Topics topics() {
        return topics;
    }

    String bootstrap() {
        return broker.bootstrap();
    }

    @Override
    public void close() throws IOException {
        reader.close();
        if (gateways != null) {
            gateways.close();
        }
        for (Worker worker : workers) {
            worker.process().close();
        }
        broker.close();
        if (disk != null) {
            disk.close();
        }
    }
}
