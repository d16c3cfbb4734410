package io.muster.service.growth;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.service.state.RowPlacement;
import io.muster.topics.Partitioning;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Puts rows where the writers of their topics would. */
class TableTest {
    private static byte[] bytes(String text) {
        return text.replace('~', '\0').getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({
        "BY_KEY, BY_JOB, job-1, x, job-1",
        "BY_KEY, BY_JOB, a/b, x, a/b",
        "BY_KEY, BY_JOB, stream 0, x, stream 0",
        "BY_KEY, BY_JOB, job-1~3, x, job-1",
        "BY_KEY, BY_DEVICE, pump, x, pump",
        "BY_KEY, BY_DEVICE, pump/module, x, pump",
        "BY_KEY, BY_DEVICE, pump~0000000000000001, x, pump",
        "BY_KEY, BY_DEVICE, pump/module~j1, x, pump",
        "BY_END_OF_KEY, BY_DEVICE, job-1~pump, x, pump",
        "BY_END_OF_KEY, BY_DEVICE, job-1~pump/module, x, pump",
        "BY_VALUE, BY_DEVICE, job-1~0000000000000000, pump, pump",
        "BY_VALUE, BY_DEVICE, job-1~0000000000000000, pump/module, pump"
    })
    void placesARowById(RowPlacement placement, Partitioning partitioning, String key, String value, String id) {
        Table table = new Table("t", partitioning, placement, "a");
        for (int partitions : new int[] {1, 4, 24}) {
            assertThat(table.partition(bytes(key), bytes(value), partitions))
                    .contains(BuiltInPartitioner.partitionForKey(bytes(id), partitions));
        }
    }

    @ParameterizedTest
    @CsvSource({"IN_ALL", "STAYING", "REBUILT", "NUMBERS"})
    void placesARowWithoutId(RowPlacement placement) {
        Table table = new Table("t", Partitioning.BY_DEVICE, placement, "a");
        assertThat(table.partition(bytes("job-1"), bytes("x"), 4)).isEqualTo(Optional.empty());
    }
}
