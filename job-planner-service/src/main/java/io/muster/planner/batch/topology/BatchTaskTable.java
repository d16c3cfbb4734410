package io.muster.planner.batch.topology;

import io.muster.planner.batch.BatchDependencies;
import io.muster.planner.batch.BatchRows;
import io.muster.planner.batch.BatchTasks;
import io.muster.records.BatchDependency;
import io.muster.records.BatchJobEvent;
import io.muster.records.BatchJobGone;
import io.muster.records.BatchJobSwept;
import io.muster.records.BatchJobTally;
import io.muster.records.BatchTaskFinished;
import io.muster.records.BatchTaskReactivated;
import io.muster.records.BatchTaskRow;
import io.muster.records.BatchTasksFreeing;
import io.muster.records.BatchTasksMoving;
import io.muster.topics.RecordSizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** Keeps the tasks of the jobs of a partition, and how far these are. For one task of Kafka Streams. */
final class BatchTaskTable {
    private static final char SEPARATOR = '\0';
    /** Bounds the characters of a page, but for its last task: a reply has room for both. */
    private static final long MOST_CHARACTERS = RecordSizes.BATCH;

    private final KeyValueStore<String, BatchTaskRow> rows;
    private final KeyValueStore<String, BatchJobTally> tallies;
    private final KeyValueStore<String, BatchDependency> dependencies;

    BatchTaskTable(
            KeyValueStore<String, BatchTaskRow> rows,
            KeyValueStore<String, BatchJobTally> tallies,
            KeyValueStore<String, BatchDependency> dependencies) {
        this.rows = rows;
        this.dependencies = dependencies;
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
            public boolean isThere(String name) {
                return dependencies.get(key(job, name)) != null;
            }

            @Override
            public List<String> waiting(String name, int most) {
                return BatchTaskTable.this.waiting(job, name, most);
            }

            @Override
            public Page page(@Nullable String after, int most) {
                return BatchTaskTable.this.page(job, after, most);
            }
        };
    }

    private static String key(String job, String taskId) {
        return job + SEPARATOR + taskId;
    }

    private BatchTasks.Page page(String job, @Nullable String after, int most) {
        String from = after == null || after.isEmpty() ? key(job, "") : key(job, after) + SEPARATOR;
        List<BatchTaskRow> page = new ArrayList<>();
        long characters = 0;
        try (KeyValueIterator<String, BatchTaskRow> range = rows.range(from, job + (char) (SEPARATOR + 1))) {
            while (range.hasNext() && page.size() < most && characters < MOST_CHARACTERS) {
                page.add(range.next().value);
                characters += BatchRows.characters(page.getLast());
            }
            return new BatchTasks.Page(page, range.hasNext());
        }
    }

    private List<String> waiting(String job, String name, int most) {
        String from = key(job, name) + SEPARATOR;
        List<String> waiting = new ArrayList<>();
        try (KeyValueIterator<String, BatchDependency> range =
                dependencies.range(from, key(job, name) + (char) (SEPARATOR + 1))) {
            while (range.hasNext() && waiting.size() < most) {
                KeyValue<String, BatchDependency> next = range.next();
                if (next.key.startsWith(from)) {
                    waiting.add(next.key.substring(from.length()));
                }
            }
        }
        return waiting;
    }

    /** Keeps what a task waits for, and that it has come to be what others wait for. */
    private void depend(
            String job, String taskId, @Nullable BatchTaskRow before, @Nullable BatchTaskRow after, Object part) {
        @Nullable String waited = before == null ? null : before.getWaitsFor();
        @Nullable String waits = after == null ? null : after.getWaitsFor();
        if (waited != null && !waited.equals(waits)) {
            dependencies.delete(key(job, waited) + SEPARATOR + taskId);
        }
        if (waits != null && !waits.equals(waited)) {
            dependencies.put(key(job, waits) + SEPARATOR + taskId, new BatchDependency(job, waits, taskId, List.of()));
        }
        if (part instanceof BatchTaskFinished finished && finished.getSatisfies()) {
            BatchDependencies.names(taskId).forEach(name -> come(job, name, taskId, true));
        } else if (after == null || part instanceof BatchTaskReactivated) {
            BatchDependencies.names(taskId).forEach(name -> come(job, name, taskId, false));
        }
    }

    /** Notes whether a task is one by which a name is there: 7 and 007 are the same integer, and one of them can be deleted. */
    private void come(String job, String name, String taskId, boolean is) {
        @Nullable BatchDependency known = dependencies.get(key(job, name));
        List<String> by = new ArrayList<>(known == null ? List.of() : known.getBy());
        boolean was = by.remove(taskId);
        if (is) {
            by.add(taskId);
        }
        if (was != is) {
            dependencies.put(key(job, name), by.isEmpty() ? null : new BatchDependency(job, name, null, by));
        }
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
                depend(job, taskId, known, after, part);
                tally = BatchRows.tally(tally, known, after);
            } else if (part instanceof BatchJobSwept swept) {
                tally = BatchRows.swept(tally, swept);
            } else if (part instanceof BatchTasksFreeing freeing) {
                tally = BatchRows.freeing(tally, freeing);
            } else if (part instanceof BatchTasksMoving moving) {
                tally = BatchRows.moving(tally, moving);
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
