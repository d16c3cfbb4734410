package io.muster.processor.streamjob;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.codec.Codecs;
import io.muster.records.DeleteStreamJob;
import io.muster.records.OutputStartMode;
import io.muster.records.PositionStreamJob;
import io.muster.records.PutStreamJob;
import io.muster.records.ReplaceStreamJob;
import io.muster.records.ReportStreamJobDegraded;
import io.muster.records.ReportStreamJobFailed;
import io.muster.records.ReportStreamJobReplaced;
import io.muster.records.ReportStreamJobRestarting;
import io.muster.records.ReportStreamJobRunning;
import io.muster.records.ReportStreamJobStopped;
import io.muster.records.ScaleStreamJob;
import io.muster.records.StartStreamJob;
import io.muster.records.StopStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobEvent;
import io.muster.records.StreamJobRefused;
import io.muster.records.StreamPosition;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.decider.Decision;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Decides commands of stream jobs in each state. Contract: stream-analytics, 4.2. */
class StreamJobDeciderTest {
    private static final Instant NOW = Instant.parse("2026-11-21T10:03:00Z");
    private static final StreamJobDefinition DEFINITION =
            StreamJobDefinition.newBuilder().build();
    private static final StreamJobDefinition OTHER =
            StreamJobDefinition.newBuilder().setQuery("SELECT 1").build();
    private static final StreamJobDefinition TOO_WIDE =
            StreamJobDefinition.newBuilder().setStreamingUnits(65).build();

    @BeforeAll
    static void trustOurRecords() {
        assertThat(new Codecs(new InMemorySchemaRegistry())).isNotNull();
    }

    /** Returns a command by its name. */
    private static Object command(String name) {
        return switch (name) {
            case "put" -> new PutStreamJob(DEFINITION, null);
            case "create" -> new PutStreamJob(DEFINITION, 0L);
            case "putOld" -> new PutStreamJob(DEFINITION, 77L);
            case "putTooWide" -> new PutStreamJob(TOO_WIDE, null);
            case "delete" -> new DeleteStreamJob(null);
            case "start" -> new StartStreamJob(OutputStartMode.JOB_START_TIME, null);
            case "startSometime" -> new StartStreamJob(OutputStartMode.CUSTOM_TIME, null);
            case "stop" -> new StopStreamJob();
            case "position" -> new PositionStreamJob(1L, 7L, List.of(), List.of(), List.of());
            case "positionFar" -> positioned(2_000_000_000);
            case "positionLast" -> positioned(StreamJobDecider.MOST_PARTITIONS - 1);
            case "positionFirst" -> positioned(0);
            case "positionFifth" -> positioned(4);
            case "positionBehind" -> positioned(StreamJobDecider.MOST_PARTITIONS);
            case "positionNowhere" -> positioned(-1);
            case "positionMost" ->
                new PositionStreamJob(
                        1L, 7L, List.of(), List.of(), Collections.nCopies(StreamJobDecider.MOST_PARTITIONS, 7L));
            case "positionMany" ->
                new PositionStreamJob(
                        1L, 7L, List.of(), List.of(), Collections.nCopies(StreamJobDecider.MOST_PARTITIONS + 1, 7L));
            case "running" -> new ReportStreamJobRunning(1L);
            case "stopped" -> new ReportStreamJobStopped(1L);
            case "failed" -> new ReportStreamJobFailed(1L, "a cast");
            case "restarting" -> new ReportStreamJobRestarting(1L, "a broker");
            case "degraded" -> new ReportStreamJobDegraded(1L, "an endpoint");
            case "scale" -> new ScaleStreamJob(3);
            case "scaleToOne" -> new ScaleStreamJob(1);
            case "scaleToMost" -> new ScaleStreamJob(64);
            case "scaleToNone" -> new ScaleStreamJob(0);
            case "scaleTooFar" -> new ScaleStreamJob(65);
            case "replace" -> new ReplaceStreamJob(OTHER, null, null);
            case "replaceOld" -> new ReplaceStreamJob(DEFINITION, 77L, null);
            case "replaceTooWide" -> new ReplaceStreamJob(TOO_WIDE, null, null);
            case "replaced" -> new ReportStreamJobReplaced(1L);
            case "runningOld" -> new ReportStreamJobRunning(99L);
            case "failedOld" -> new ReportStreamJobFailed(99L, "old");
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static PositionStreamJob positioned(int partition) {
        return new PositionStreamJob(1L, 7L, List.of(new StreamPosition("in", partition, 0L)), List.of(), List.of());
    }

    private static @Nullable StreamJob after(String history) {
        @Nullable StreamJob job = null;
        for (String name : history.isEmpty() ? new String[0] : history.split(" ")) {
            Decision<Object> decision = StreamJobDecider.decide(job, new StreamJobInput(command(name), 1), NOW);
            assertThat(decision).as("%s of %s", name, history).isInstanceOf(Decision.Happened.class);
            job = StreamJobDecider.evolve(
                    job, new StreamJobEvent("job", NOW, ((Decision.Happened<Object>) decision).event()));
        }
        return job;
    }

    @ParameterizedTest
    @CsvSource({
        "'', put, StreamJobPut, CREATED",
        "'', create, StreamJobPut, CREATED",
        "'', putOld, PRECONDITION_FAILED, none",
        "'', start, NOT_FOUND, none",
        "'', stop, NOT_FOUND, none",
        "'', delete, NOT_FOUND, none",
        "'', running, nothing, none",
        "put, create, PRECONDITION_FAILED, CREATED",
        "put, put, StreamJobPut, CREATED",
        "'', putTooWide, INVALID, none",
        "put, putTooWide, INVALID, CREATED",
        "put, stop, nothing, CREATED",
        "put, start, StreamJobStarting, STARTING",
        "put, startSometime, INCOMPLETE, CREATED",
        "put, delete, StreamJobDeleted, none",
        "put start, put, RUNNING, STARTING",
        "put start, start, RUNNING, STARTING",
        "put start, position, StreamJobPositioned, STARTING",
        "put start position, position, nothing, STARTING",
        "put start, positionLast, StreamJobPositioned, STARTING",
        "put start, positionFirst, StreamJobPositioned, STARTING",
        "put start, positionMost, StreamJobPositioned, STARTING",
        "put start, positionBehind, INVALID, STARTING",
        "put start, positionFar, INVALID, STARTING",
        "put start, positionNowhere, INVALID, STARTING",
        "put start, positionMany, INVALID, STARTING",
        "put start, running, StreamJobRunning, RUNNING",
        "put start, runningOld, nothing, STARTING",
        "put start, failed, StreamJobFailed, FAILED",
        "put start, failedOld, nothing, STARTING",
        "put start, stop, StreamJobStopping, STOPPING",
        "put start running, put, RUNNING, RUNNING",
        "put start running, stop, StreamJobStopping, STOPPING",
        "put start running, failed, StreamJobFailed, FAILED",
        "put start running, delete, StreamJobDeleting, DELETING",
        "put start running delete, delete, nothing, DELETING",
        "put start running delete, start, RUNNING, DELETING",
        "put start running delete, stopped, StreamJobDeleted, none",
        "put start running stop stopped, delete, StreamJobDeleted, none",
        "put start running, restarting, StreamJobRestarting, RESTARTING",
        "put start running restarting, restarting, nothing, RESTARTING",
        "put start running restarting, running, StreamJobRunning, RUNNING",
        "put start running restarting, stop, StreamJobStopping, STOPPING",
        "put start running, degraded, StreamJobDegraded, DEGRADED",
        "put start running degraded, running, StreamJobRunning, RUNNING",
        "put start running degraded, failed, StreamJobFailed, FAILED",
        "put, scale, StreamJobScaled, CREATED",
        "put start running, scale, StreamJobScaled, SCALING",
        "put start running, scaleToOne, StreamJobScaled, SCALING",
        "put start running, scaleToMost, StreamJobScaled, SCALING",
        "put start running, scaleToNone, INVALID, RUNNING",
        "put start running, scaleTooFar, INVALID, RUNNING",
        "put start running scale, running, StreamJobRunning, RUNNING",
        "put start running stop, scale, RUNNING, STOPPING",
        "put, replace, NOT_RUNNING, CREATED",
        "put start running, replace, StreamJobReplacing, RUNNING",
        "put start running, replaceTooWide, INVALID, RUNNING",
        "put start running, replaceOld, PRECONDITION_FAILED, RUNNING",
        "put start running, replaced, nothing, RUNNING",
        "put start running replace, replace, RUNNING, RUNNING",
        "put start running replace, replaced, StreamJobReplaced, STARTING",
        "put start running replace, stop, StreamJobStopping, STOPPING",
        "put start running, running, nothing, RUNNING",
        "put start running stop, start, RUNNING, STOPPING",
        "put start running stop, stop, nothing, STOPPING",
        "put start running stop, failed, nothing, STOPPING",
        "put start running stop, stopped, StreamJobStopped, STOPPED",
        "put start running stop stopped, stopped, nothing, STOPPED",
        "put start running stop stopped, stop, nothing, STOPPED",
        "put start running stop stopped, put, StreamJobPut, STOPPED",
        "put start running stop stopped, start, StreamJobStarting, STARTING",
        "put start failed, start, StreamJobStarting, STARTING",
        "put start failed, stop, StreamJobStopped, STOPPED",
        "put start failed, put, StreamJobPut, FAILED",
    })
    void decidesCommandsByTheStateOfTheJob(String history, String command, String outcome, String status) {
        @Nullable StreamJob before = after(history);
        Decision<Object> decision = StreamJobDecider.decide(before, new StreamJobInput(command(command), 1), NOW);
        @Nullable StreamJob after = before;
        switch (decision) {
            case Decision.Happened<Object> happened -> {
                assertThat(happened.event().getClass().getSimpleName()).isEqualTo(outcome);
                after = StreamJobDecider.evolve(before, new StreamJobEvent("job", NOW, happened.event()));
            }
            case Decision.Nothing<Object> _ -> assertThat(outcome).isEqualTo("nothing");
            case Decision.Refused<Object> refused ->
                assertThat(refused.refusal())
                        .isInstanceOfSatisfying(
                                StreamJobRefused.class,
                                refusal ->
                                        assertThat(refusal.getReason().name()).isEqualTo(outcome));
        }
        assertThat(after == null ? "none" : after.getStatus().name()).isEqualTo(status);
    }

    @Test
    void continuesAReplacementWithItsDefinitionWhereTheOldOneEnded() {
        StreamJob waiting = after("put start running replace");
        assertThat(waiting.getDefinition()).isEqualTo(DEFINITION);
        assertThat(waiting.getReplacement().getTakeOverAt()).isAfter(NOW);
        StreamJob replaced = after("put start running replace replaced");
        assertThat(replaced.getDefinition()).isEqualTo(OTHER);
        assertThat(replaced.getReplacement()).isNull();
        assertThat(replaced.getCurrent().getMode()).isEqualTo(OutputStartMode.LAST_OUTPUT_EVENT_TIME);
        assertThat(replaced.getEarlier()).hasSize(1);
        assertThat(after("put start running replace stop stopped").getDefinition())
                .as("a stop before cancels it")
                .isEqualTo(DEFINITION);
    }

    @Test
    void remembersEarlierStarts() {
        StreamJob job = after("put start running stop stopped start failed start");
        assertThat(job).isNotNull();
        assertThat(job.getEarlier()).hasSize(2);
        assertThat(job.getFailureReason()).isNull();
        assertThat(job.getRevision()).isEqualTo(8);
    }

    /** Expects tasks that only read below zero, one a partition. */
    @ParameterizedTest
    @ValueSource(strings = {"put start positionFifth", "put start positionFifth running stop stopped start running"})
    void countsTasksByThePartitionsThatAnyStartHasRead(String history) {
        assertThat(StreamJobDecider.tasks(after(history))).containsExactly(-5, -4, -3, -2, -1, 0, 1, 2, 3, 4);
    }
}
