package io.muster.api.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.BatchJob;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchJobState;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class BatchJobViewTest {
    private static final Instant CREATED = Instant.parse("2026-11-21T02:00:00Z");

    private final BatchJobView jobs = new BatchJobView();

    private static BatchJob job(String id, Instant createdAt, long revision, BatchJobState state) {
        return BatchJob.newBuilder()
                .setJobId(id)
                .setRevision(revision)
                .setDefinition(BatchJobDefinition.newBuilder().setPoolId("pool").build())
                .setState(state)
                .setCreatedAt(createdAt)
                .setChangedAt(createdAt)
                .setStateSince(createdAt)
                .setStartedAt(createdAt)
                .build();
    }

    @Test
    void findsAJobByItsIdInLowerCase() {
        jobs.read(job("Render-7", CREATED, 1, BatchJobState.ACTIVE));
        assertThat(jobs.get("render-7")).map(BatchJob::getJobId).contains("Render-7");
    }

    @Test
    void keepsTheLaterRevisionOfChangesInTheSameMillisecond() {
        jobs.read(job("a", CREATED, 2, BatchJobState.DISABLED));
        jobs.put(job("a", CREATED, 1, BatchJobState.DISABLING));
        assertThat(jobs.get("a")).map(BatchJob::getState).contains(BatchJobState.DISABLED);
    }

    @Test
    void prefersAJobThatWasAddedAgainToItsPredecessorOfAHigherRevision() {
        jobs.read(job("a", CREATED, 9, BatchJobState.DELETING));
        jobs.put(job("a", CREATED.plusSeconds(1), 1, BatchJobState.ACTIVE));
        jobs.readTombstone("a");
        assertThat(jobs.get("a")).map(BatchJob::getState).contains(BatchJobState.ACTIVE);
    }

    @Test
    void showsAJobNoMoreWhoseDeletionIsAnsweredBehindItsTombstone() {
        jobs.read(job("a", CREATED, 1, BatchJobState.ACTIVE));
        jobs.readTombstone("a");
        jobs.put(job("a", CREATED, 2, BatchJobState.DELETING));
        assertThat(jobs.get("a")).isEmpty();
    }
}
