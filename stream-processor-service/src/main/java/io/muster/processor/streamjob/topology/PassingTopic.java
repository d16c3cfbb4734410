package io.muster.processor.streamjob.topology;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;

/**
 * Truncates a topic behind its only reader: records that the reader has committed are deleted, and no others, however old they are.
 *
 * @param group that reads it
 */
record PassingTopic(String name, String group) {
    static final Map<String, String> SETTINGS = Map.of("retention.ms", "-1");

    /** Deletes the records that were read. Returns at once; those that can't be deleted now are deleted the next time. */
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
