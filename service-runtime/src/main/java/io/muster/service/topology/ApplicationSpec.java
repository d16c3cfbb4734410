package io.muster.service.topology;

import io.muster.service.state.StoreSpec;
import io.muster.topics.Topic;
import java.util.List;

/**
 * Declares what a Kafka Streams application of ours keeps and reads. The command that moves state when topics grow has a copy of it as a file.
 *
 * @param id of the application
 * @param stores of its tasks, all of them
 * @param reads the topics that its tasks read, all of them
 */
public record ApplicationSpec(String id, List<StoreSpec<?>> stores, List<Topic<?>> reads) {
    public ApplicationSpec {
        stores = List.copyOf(stores);
        reads = List.copyOf(reads);
    }
}
