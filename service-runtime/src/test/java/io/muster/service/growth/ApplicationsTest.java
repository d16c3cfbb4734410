package io.muster.service.growth;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.service.state.RowPlacement;
import io.muster.topics.Topics;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Reads the declarations of planner and processor, as the command does. */
class ApplicationsTest {
    /** Waits for topics of records alone: rows of a table that move are new records, and behind a move that was cut off nobody would read them. */
    @Test
    void waitsForTopicsOfRecordsAndNotForTables() {
        List<String> read =
                Applications.READS.values().stream().flatMap(List::stream).toList();
        assertThat(read)
                .contains(
                        Topics.JOB_COMMANDS.name(), Topics.DEVICE_JOB_EVENTS.name(), Topics.STREAM_JOB_COMMANDS.name())
                .doesNotContain(Topics.JOB_STATISTICS.name());
    }

    @Test
    void movesNumbersLast() {
        assertThat(Applications.STORES).extracting(Table::placement).contains(RowPlacement.BY_KEY);
        List<Boolean> numbers = Applications.STORES.stream()
                .map(table -> table.placement() == RowPlacement.NUMBERS)
                .toList();
        assertThat(numbers).containsSubsequence(false, true).isSorted();
    }
}
