package dev.millrace.compose.faults;

import java.util.List;

/** What a row needs to be set up differently. Rows of one layout share a cluster. */
enum Layout {
    PLAIN,
    /** Readers are chat clients, at gateways. */
    GATEWAYS,
    /** The second worker has another model. Who comes for one that was killed has the model that it had not. */
    TWO_MODELS,
    /** Sends are given up soon, so that an outage can be longer. */
    SHORT_DELIVERY,
    /** The broker's data is in a file system that can be filled. */
    SMALL_DISK;

    /** Kafka wants no request to take longer than a delivery. */
    List<String> workerSettings() {
        return this == SHORT_DELIVERY
                ? List.of("--kafka.delivery.timeout.ms=2000", "--kafka.request.timeout.ms=1500")
                : List.of();
    }
}
