package dev.millrace.compose.containers;

import dev.millrace.compose.JavaProcess;
import dev.millrace.compose.broker.BrokerMain;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Our own broker as a process: what {@link OfficialKafkaIT} asks of Kafka's image is asked here on every machine. */
@Timeout(120)
class OwnBrokerIT {

    @TempDir
    Path directory;

    @Test
    void aKilledWorkerLosesNothing() throws Exception {
        try (JavaProcess broker = JavaProcess.start(BrokerMain.class, Map.of(), directory, 0)) {
            String bootstrap = broker.line().substring(BrokerMain.READY.length());

            KilledWorker.losesNothing(OwnBrokerIT.class, bootstrap);

            broker.terminate();
        }
    }
}
