package io.muster.service.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CommitBatchTest {
    private final CommitBatch batch = new CommitBatch();
    private long now = 1_000;

    @Test
    void commitsTheFirstRecordAfterAnIdlePeriodAtOnce() {
        polls(4);

        assertThat(batch.worked()).isTrue();
        assertThat(List.of(poll(), poll())).as("nothing is left").containsOnly(false);
    }

    @Test
    void commitsWhatFollowsTogetherAtThePollWithoutWork() {
        polls(4);
        batch.worked();
        poll();

        assertThat(batch.worked()).isFalse();
        assertThat(poll()).as("work came since the poll before").isFalse();
        assertThat(poll()).isTrue();
        assertThat(poll()).isFalse();
    }

    @Test
    void countsAShorterRestAsAPause() {
        polls(3);

        assertThat(batch.worked()).isFalse();
    }

    @Test
    void commitsAFloodAtEachTenthPoll() {
        List<Integer> commits = new ArrayList<>();
        for (int i = 1; i <= 30; i++) {
            assertThat(batch.worked()).isFalse();
            if (poll()) {
                commits.add(i);
            }
        }

        assertThat(commits).containsExactly(10, 20, 30);
    }

    @Test
    void givesAllTasksThatPollInOnePassTheSameAnswer() {
        batch.worked();
        poll();
        now += CommitBatch.POLL_MS;

        assertThat(List.of(batch.poll(now), batch.poll(now), batch.poll(now + 1)))
                .containsOnly(true);
        assertThat(poll()).isFalse();
    }

    @Test
    void commitsATaskThatPolledBeforeTheOthersWereDue() {
        batch.worked();
        poll();
        poll();
        batch.hold();

        assertThat(poll()).isTrue();
    }

    @Test
    void goesOnWhereTheClockWasSetBack() {
        batch.worked();
        poll();
        now -= 60_000;

        assertThat(poll()).isTrue();
    }

    private boolean poll() {
        now += CommitBatch.POLL_MS;
        return batch.poll(now);
    }

    private void polls(int times) {
        for (int i = 0; i < times; i++) {
            poll();
        }
    }
}
