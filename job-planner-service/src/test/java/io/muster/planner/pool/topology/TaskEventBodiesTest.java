package io.muster.planner.pool.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.pool.Attempt;
import io.muster.planner.pool.Outcome;
import io.muster.planner.pool.Outcome.Result;
import io.muster.planner.pool.PoolEvent;
import io.muster.records.BatchTaskFacts;
import io.muster.records.ComputeTask;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Pins the bodies of events byte for byte. */
class TaskEventBodiesTest {
    private static final Path GOLDEN = Path.of("src/test/resources/task-events");
    private static final BatchTaskFacts FACTS = new BatchTaskFacts("render-7", "frame-12", false);
    private static final ComputeTask TASK = ComputeTask.newBuilder()
            .setTaskId("render-7:frame-12")
            .setOwner(new TaskOwner(TaskOwnerKind.BATCH_JOB, "render-7"))
            .setProgram(TaskProgram.newBuilder()
                    .setCommand(List.of("true"))
                    .setEnvironment(Map.of())
                    .build())
            .setMostRetries(2)
            .build();
    private static final Optional<Instant> STARTED = Optional.of(Instant.parse("2026-11-21T02:00:04.120Z"));
    private static final Instant ENDED = Instant.parse("2026-11-21T02:00:09.871Z");

    private static String golden(String name) throws IOException {
        return Files.readString(GOLDEN.resolve(name + ".json")).strip();
    }

    private static String end(String node, Attempt attempt, Outcome outcome, Optional<Instant> startedAt) {
        return TaskEventBodies.end(FACTS, TASK, "edge-lyon", node, attempt, outcome, startedAt, ENDED);
    }

    @Test
    void writesTheStartOfAnAttempt() throws IOException {
        assertThat(TaskEventBodies.start(FACTS, TASK, "edge-lyon", "node-03", new Attempt(1, 0, 2)))
                .isEqualTo(golden("start"));
    }

    @Test
    void writesThatNoNodeWasFound() throws IOException {
        assertThat(TaskEventBodies.scheduleFail(
                        FACTS, TASK, "edge-lyon", Attempt.FIRST, PoolEvent.NotPlaced.NO_FREE_SLOTS))
                .isEqualTo(golden("schedule-fail"));
    }

    @Test
    void writesTheSampleOfTheContract() throws IOException {
        assertThat(end("node-03", new Attempt(1, 0, 2), new Outcome(Result.FAILED, OptionalInt.of(7), ""), STARTED))
                .isEqualTo(golden("fail"));
    }

    @Test
    void leavesOutWhatDoesNotApplyToATaskThatNeverRan() throws IOException {
        assertThat(end(
                        TaskEventBodies.NO_NODE,
                        Attempt.FIRST,
                        new Outcome(Result.STOPPED, OptionalInt.of(143), ""),
                        Optional.empty()))
                .isEqualTo(golden("stopped-before-its-start"));
    }

    @Test
    void writesTheCodeOfTheContractForATaskThatIsOutOfTime() throws IOException {
        assertThat(end("node-03", Attempt.FIRST, new Outcome(Result.TIMED_OUT, OptionalInt.of(137), ""), STARTED))
                .isEqualTo(golden("out-of-time"));
    }
}
