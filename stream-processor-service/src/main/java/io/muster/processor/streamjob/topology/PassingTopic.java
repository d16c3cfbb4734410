package io.muster.processor.streamjob.topology;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;

/**
 * A topic that rows only pass: what its one reader has read is deleted, and nothing before, however old it is or however late the reader.
 *
 * @param group that reads it
 */
record PassingTopic(String name, String group) {
    static final Map<String, String> SETTINGS = Map.of("retention.ms", "-1");

    /** Deletes what was read. Returns at once; what can't be deleted now is the next time. */
    void purge(Admin admin) {
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().whenComplete((offsets, error) -> {
            if (error == null) {
                Map<TopicPartition, RecordsToDelete> read = new HashMap<>();
                offsets.forEach((partition, offset) -> {
                    if (offset != null && partition.topic().equals(name)) {
                        read.put(partition, RecordsToDelete.beforeOffset(offset.offset()));
                    }
                });
                admin.deleteRecords(read);
            }
        });
    }
}
