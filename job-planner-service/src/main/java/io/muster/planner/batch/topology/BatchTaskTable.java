package io.muster.planner.batch.topology;

import io.muster.planner.batch.BatchRows;
import io.muster.planner.batch.BatchTasks;
import io.muster.records.BatchJobEvent;
import io.muster.records.BatchJobGone;
import io.muster.records.BatchJobSwept;
import io.muster.records.BatchJobTally;
import io.muster.records.BatchTaskRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Keeps the tasks of the jobs of a partition, and how far these are. For one task of Kafka Streams. */
final class BatchTaskTable {
    private static final char SEPARATOR = '\0';

    private final KeyValueStore<String, BatchTaskRow> rows;
    private final KeyValueStore<String, BatchJobTally> tallies;

    BatchTaskTable(KeyValueStore<String, BatchTaskRow> rows, KeyValueStore<String, BatchJobTally> tallies) {
        this.rows = rows;
        this.tallies = tallies;
    }

    /** Returns how far a job is. */
    BatchJobTally tally(String job) {
        @Nullable BatchJobTally known = tallies.get(job);
        return known == null ? BatchRows.empty() : known;
    }

    /** Returns the tasks of a job. */
    BatchTasks of(String job) {
        return new BatchTasks() {
            @Override
            public BatchJobTally tally() {
                return BatchTaskTable.this.tally(job);
            }

            @Override
            public Optional<BatchTaskRow> task(String taskId) {
                return Optional.ofNullable(rows.get(key(job, taskId)));
            }

            @Override
            public List<BatchTaskRow> page(@Nullable String after, int most) {
                return BatchTaskTable.this.page(job, after, most);
            }
        };
    }

    private static String key(String job, String taskId) {
        return job + SEPARATOR + taskId;
    }

    private List<BatchTaskRow> page(String job, @Nullable String after, int most) {
        String from = after == null || after.isEmpty() ? key(job, "") : key(job, after) + SEPARATOR;
        List<BatchTaskRow> page = new ArrayList<>();
        try (KeyValueIterator<String, BatchTaskRow> range = rows.range(from, job + (char) (SEPARATOR + 1))) {
            while (range.hasNext() && page.size() < most) {
                page.add(range.next().value);
            }
        }
        return page;
    }

    /** Changes what is kept by an event. */
    void keep(String job, BatchJobEvent event) {
        BatchJobTally before = tally(job);
        BatchJobTally tally = before;
        for (Object part : event.getEvents()) {
            @Nullable String taskId = BatchRows.taskOf(part);
            if (taskId != null) {
                String key = key(job, taskId);
                @Nullable BatchTaskRow known = rows.get(key);
                @Nullable BatchTaskRow after = BatchRows.task(known, event.getJobId(), part, event.getAt());
                rows.put(key, after);
                tally = BatchRows.tally(tally, known, after);
            } else if (part instanceof BatchJobSwept swept) {
                tally = BatchRows.swept(tally, swept);
            } else if (part instanceof BatchJobGone) {
                tallies.delete(job);
                return;
            }
        }
        if (tally != before) {
            tallies.put(job, tally);
        }
    }
}
