package io.muster.api.surface.webjobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.OutputStream;
import io.muster.records.ScriptHost;
import io.muster.records.TaskOutput;
import io.muster.records.TaskToken;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;
import io.muster.records.WebJobStart;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Writes logs in Kudu's form. Contract: webjobs-and-schedules, 2.6. */
class RunLogTest {
    private static final Instant BEGUN = Instant.parse("2026-11-21T03:00:00.441Z");
    private static final String HEAD = """
            [11/21/2026 03:00:00 > -: SYS INFO] Status changed to Initializing\r
            [11/21/2026 03:00:00 > -: SYS INFO] Run script 'run.sh' with script host - 'BashScriptHost'\r
            [11/21/2026 03:00:01 > node-1: SYS INFO] Status changed to Running\r
            """;

    private static WebJobRun.Builder run(WebJobRunStatus status) {
        return WebJobRun.newBuilder()
                .setId("202611210300004410")
                .setStatus(status)
                .setTrigger("External - x")
                .setPoolId("default")
                .setTaskId("fleet.purge.202611210300004410")
                .setScript("run.sh")
                .setHost(ScriptHost.BASH)
                .setBegunAt(BEGUN)
                .setStartedAt(BEGUN.plusSeconds(1))
                .setNodeId("node-1")
                .setPlacement(7L);
    }

    private static TaskOutput chunk(OutputStream stream, long offset, String text) {
        return chunk(stream, offset, text, 7);
    }

    private static TaskOutput chunk(OutputStream stream, long offset, String text, long placement) {
        return TaskOutput.newBuilder()
                .setPoolId("default")
                .setNodeId("node-1")
                .setToken(new TaskToken("fleet.purge.202611210300004410", placement))
                .setStream(stream)
                .setOffset(offset)
                .setAt(BEGUN.plusSeconds(2))
                .setOutput(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)))
                .build();
    }

    private static String log(WebJobRun run, int mostLines, TaskOutput... chunks) {
        RunLog log = new RunLog(run, mostLines, Optional.empty());
        log.begin(BEGUN);
        for (TaskOutput chunk : chunks) {
            log.take(chunk);
        }
        log.end();
        return new String(log.drain(), StandardCharsets.UTF_8);
    }

    private static String line(String level, String text) {
        return "[11/21/2026 03:00:02 > node-1: " + level + "] " + text + "\r\n";
    }

    private static String tail(@Nullable String error, String status) {
        String at = "[11/21/2026 03:00:05 > node-1: SYS ";
        return (error == null ? "" : at + "ERR ] " + error + "\r\n") + at + "INFO] Status changed to " + status
                + "\r\n";
    }

    private static String logAt(WebJobRun run, Instant now) {
        RunLog log = new RunLog(run, 100, Optional.empty());
        log.begin(now);
        log.end();
        return new String(log.drain(), StandardCharsets.UTF_8);
    }

    @Test
    void saysThatItsOutputHasExpired() {
        RunLog log = new RunLog(
                run(WebJobRunStatus.SUCCESS).setEndedAt(BEGUN.plusSeconds(5)).build(),
                100,
                Optional.of(Instant.parse("2026-11-22T00:00:00Z")));
        log.begin(BEGUN);
        log.end();
        assertThat(new String(log.drain(), StandardCharsets.UTF_8))
                .isEqualTo(HEAD
                        + "[11/21/2026 03:00:01 > node-1: WARN] Output from before 11/22/2026 00:00:00 has expired: it"
                        + " is kept for 30 days.\r\n"
                        + tail(null, "Success"));
    }

    /** Shows where a run stays that no node has a slot for: its log ended with Initializing. */
    @Test
    void saysThatARunWaitsForASlotAndLeavesItSaid() {
        String waits =
                "[11/21/2026 03:00:10 > -: SYS INFO] The run waits for a free slot on a node of the pool 'default'\r\n";
        WebJobRun.Builder waiting = run(WebJobRunStatus.INITIALIZING)
                .setStartedAt(null)
                .setNodeId(null)
                .setPlacement(null);
        assertThat(logAt(waiting.build(), BEGUN.plusSeconds(19))).doesNotContain(waits);
        String said = logAt(waiting.build(), BEGUN.plusSeconds(21));
        assertThat(said).endsWith(waits);
        assertThat(logAt(
                        run(WebJobRunStatus.RUNNING)
                                .setStartedAt(BEGUN.plusSeconds(12))
                                .build(),
                        BEGUN.plusSeconds(13)))
                .startsWith(said)
                .endsWith("Status changed to Running\r\n");
        assertThat(logAt(
                        run(WebJobRunStatus.RUNNING)
                                .setStartedAt(BEGUN.plusSeconds(9))
                                .build(),
                        BEGUN.plusSeconds(900)))
                .doesNotContain(waits);
        assertThat(logAt(
                        waiting.setStatus(WebJobRunStatus.STOPPED)
                                .setEndedAt(BEGUN.plusSeconds(60))
                                .build(),
                        BEGUN))
                .startsWith(said);
    }

    private static WebJobRun ended(WebJobRunStatus status, @Nullable Integer code, String detail) {
        return run(status)
                .setEndedAt(BEGUN.plusSeconds(5))
                .setExitCode(code)
                .setDetail(detail)
                .build();
    }

    @Test
    void showsLinesOfBothStreamsAndTheEnd() {
        assertThat(log(
                        ended(WebJobRunStatus.SUCCESS, 0, ""),
                        100,
                        chunk(OutputStream.OUT, 0, "one\ntw"),
                        chunk(OutputStream.ERR, 6, "bad\r\n"),
                        chunk(OutputStream.OUT, 11, "o\n\nrest")))
                .isEqualTo(HEAD
                        + line("INFO", "one")
                        + line("ERR ", "bad")
                        + line("INFO", "two")
                        + line("INFO", "")
                        + line("INFO", "rest")
                        + tail(null, "Success"));
    }

    @Test
    void countsWhatComesTwiceOnce() {
        assertThat(log(
                        run(WebJobRunStatus.RUNNING).build(),
                        100,
                        chunk(OutputStream.OUT, 0, "one\n"),
                        chunk(OutputStream.OUT, 0, "one\n"),
                        chunk(OutputStream.OUT, 2, "e\ntwo\n"),
                        chunk(OutputStream.OUT, 4, "two\n")))
                .isEqualTo(HEAD + line("INFO", "one") + line("INFO", "two"));
    }

    /** Reads what a node sent again over the same connection, and behind it what the hub had already. */
    @Test
    void showsInOrderWhatCameBeforeAnEarlierChunk() {
        assertThat(log(
                        run(WebJobRunStatus.RUNNING).build(),
                        100,
                        chunk(OutputStream.OUT, 0, "one\n"),
                        chunk(OutputStream.OUT, 8, "three\n"),
                        chunk(OutputStream.OUT, 4, "two\n"),
                        chunk(OutputStream.OUT, 8, "three\n"),
                        chunk(OutputStream.OUT, 14, "four\n")))
                .isEqualTo(HEAD
                        + line("INFO", "one")
                        + line("INFO", "two")
                        + line("INFO", "three")
                        + line("INFO", "four"));
    }

    @Test
    void showsWhatIsBehindAGapOnceItsRunHasEnded() {
        TaskOutput[] chunks = {chunk(OutputStream.OUT, 0, "one\n"), chunk(OutputStream.OUT, 8, "three\n")};
        assertThat(log(run(WebJobRunStatus.RUNNING).build(), 100, chunks)).isEqualTo(HEAD + line("INFO", "one"));
        assertThat(log(ended(WebJobRunStatus.SUCCESS, 0, ""), 100, chunks))
                .isEqualTo(HEAD + line("INFO", "one") + line("INFO", "three") + tail(null, "Success"));
    }

    @Test
    void leavesOutWhatAnotherAttemptWrote() {
        assertThat(log(
                        run(WebJobRunStatus.RUNNING).build(),
                        100,
                        chunk(OutputStream.OUT, 0, "old\n", 6),
                        chunk(OutputStream.OUT, 0, "new\n", 7)))
                .isEqualTo(HEAD + line("INFO", "new"));
    }

    @Test
    void leavesOutWhatAnotherDeviceSaysUnderTheTokenOfTheRun() {
        TaskOutput forged = TaskOutput.newBuilder(chunk(OutputStream.OUT, 0, "forged\n"))
                .setNodeId("thermostat-1")
                .build();
        TaskOutput blanking = TaskOutput.newBuilder(chunk(OutputStream.OUT, Long.MAX_VALUE / 2, "x"))
                .setNodeId("thermostat-1")
                .build();
        assertThat(log(
                        run(WebJobRunStatus.RUNNING).build(),
                        100,
                        forged,
                        blanking,
                        chunk(OutputStream.OUT, 0, "true\n")))
                .isEqualTo(HEAD + line("INFO", "true"));
    }

    @Test
    void saysWhyARunFailed() {
        assertThat(log(ended(WebJobRunStatus.FAILED, 3, ""), 100))
                .isEqualTo(HEAD + tail("Job failed due to exit code 3", "Failed"));
        assertThat(log(ended(WebJobRunStatus.FAILED, null, "It was idle for too long."), 100))
                .isEqualTo(HEAD + tail("It was idle for too long.", "Failed"));
        assertThat(log(ended(WebJobRunStatus.ABORTED, null, "Its node was lost."), 100))
                .isEqualTo(HEAD + tail("Its node was lost.", "Aborted"));
        assertThat(log(ended(WebJobRunStatus.STOPPED, 143, ""), 100))
                .isEqualTo(HEAD + "[11/21/2026 03:00:05 > node-1: SYS INFO] WebJob process was aborted\r\n"
                        + tail(null, "Stopped"));
    }

    /** Has a job that stops: the form is that of a log of Kudu's. Field case 64. */
    @Test
    void showsHowAContinuousJobStops() {
        WebJobRun stopped = run(WebJobRunStatus.STOPPED)
                .setStarts(List.of(new WebJobStart(7L, "node-1", BEGUN.plusSeconds(1), null, null)))
                .setStoppingAt(BEGUN.plusSeconds(3))
                .setEndedAt(BEGUN.plusSeconds(63))
                .setExitCode(137)
                .build();
        TaskOutput late = TaskOutput.newBuilder(chunk(OutputStream.OUT, 7, "still here\n"))
                .setAt(BEGUN.plusSeconds(4))
                .build();
        assertThat(log(stopped, 100, chunk(OutputStream.OUT, 0, "one\ntwo"), late))
                .isEqualTo(HEAD + """
            [11/21/2026 03:00:02 > node-1: INFO] one\r
            [11/21/2026 03:00:02 > node-1: INFO] two\r
            [11/21/2026 03:00:03 > node-1: SYS INFO] Status changed to Stopping\r
            [11/21/2026 03:00:04 > node-1: INFO] still here\r
            [11/21/2026 03:01:03 > node-1: SYS INFO] WebJob process was aborted\r
            [11/21/2026 03:01:03 > node-1: SYS INFO] Status changed to Stopped\r
            """);
        WebJobRun inTime = WebJobRun.newBuilder(stopped).setExitCode(0).build();
        assertThat(log(inTime, 100))
                .contains("Status changed to Stopping")
                .doesNotContain("aborted")
                .endsWith("Status changed to Stopped\r\n");
    }

    @Test
    void saysThatOutputWasCut() {
        String detail = "99000 bytes of output beyond the limit outputBytes were dropped.";
        assertThat(log(ended(WebJobRunStatus.SUCCESS, 0, detail), 100, chunk(OutputStream.OUT, 0, "one\n")))
                .isEqualTo(HEAD
                        + line("INFO", "one")
                        + "[11/21/2026 03:00:05 > node-1: WARN] " + detail + "\r\n"
                        + tail(null, "Success"));
    }

    @Test
    void showsWhatIsThereOfARunThatWaits() {
        WebJobRun waiting = run(WebJobRunStatus.INITIALIZING)
                .setStartedAt(null)
                .setNodeId(null)
                .setPlacement(null)
                .build();
        assertThat(log(waiting, 100)).isEqualTo("""
            [11/21/2026 03:00:00 > -: SYS INFO] Status changed to Initializing\r
            [11/21/2026 03:00:00 > -: SYS INFO] Run script 'run.sh' with script host - 'BashScriptHost'\r
            """);
    }

    @Test
    void growsAtItsEndAloneWhileARunGoesOn() {
        WebJobRun waiting = run(WebJobRunStatus.INITIALIZING)
                .setStartedAt(null)
                .setNodeId(null)
                .setPlacement(null)
                .build();
        WebJobRun running = run(WebJobRunStatus.RUNNING).build();
        TaskOutput half = chunk(OutputStream.OUT, 0, "one\nab");
        String first = log(waiting, 100);
        String second = log(running, 100, half);
        String third = log(running, 100, half, chunk(OutputStream.OUT, 6, "c\n"));
        assertThat(second).startsWith(first).isEqualTo(HEAD + line("INFO", "one"));
        assertThat(third).isEqualTo(second + line("INFO", "abc"));
        assertThat(log(ended(WebJobRunStatus.SUCCESS, 0, ""), 100, half))
                .isEqualTo(second + line("INFO", "ab") + tail(null, "Success"));
    }

    /** Has a job that failed, was lost with its node, and runs again. */
    @Test
    void showsEachStartOfAContinuousJob() {
        WebJobRun again = run(WebJobRunStatus.RUNNING)
                .setStarts(List.of(
                        new WebJobStart(5L, "node-1", BEGUN.plusSeconds(1), BEGUN.plusSeconds(2), 3),
                        new WebJobStart(6L, "node-2", BEGUN.plusSeconds(3), BEGUN.plusSeconds(4), null),
                        new WebJobStart(7L, "node-1", BEGUN.plusSeconds(5), null, null)))
                .build();
        TaskOutput forged = TaskOutput.newBuilder(chunk(OutputStream.OUT, 0, "forged\n", 7))
                .setNodeId("thermostat-1")
                .build();
        assertThat(log(
                        again,
                        2,
                        forged,
                        chunk(OutputStream.OUT, 0, "1\n2\n3\nrest", 5),
                        chunk(OutputStream.OUT, 0, "new\nhal", 7),
                        chunk(OutputStream.OUT, 0, "late\n", 5)))
                .isEqualTo("""
            [11/21/2026 03:00:00 > -: SYS INFO] Status changed to Initializing\r
            [11/21/2026 03:00:00 > -: SYS INFO] Run script 'run.sh' with script host - 'BashScriptHost'\r
            [11/21/2026 03:00:01 > node-1: SYS INFO] Status changed to Running\r
            [11/21/2026 03:00:02 > node-1: INFO] 1\r
            [11/21/2026 03:00:02 > node-1: INFO] 2\r
            [11/21/2026 03:00:02 > node-1: WARN] Reached maximum allowed output lines for this run: the lines behind are left out.\r
            [11/21/2026 03:00:02 > node-1: SYS ERR ] Job failed due to exit code 3\r
            [11/21/2026 03:00:02 > node-1: SYS INFO] Status changed to Failed\r
            [11/21/2026 03:00:02 > node-1: SYS INFO] Status changed to PendingRestart\r
            [11/21/2026 03:00:03 > node-2: SYS INFO] Status changed to Running\r
            [11/21/2026 03:00:04 > node-2: SYS INFO] Status changed to PendingRestart\r
            [11/21/2026 03:00:05 > node-1: SYS INFO] Status changed to Running\r
            [11/21/2026 03:00:02 > node-1: INFO] new\r
            """);
    }

    @Test
    void leavesOutLinesBehindTheMost() {
        assertThat(log(run(WebJobRunStatus.RUNNING).build(), 2, chunk(OutputStream.OUT, 0, "1\n2\n3\n4\n")))
                .isEqualTo(HEAD
                        + line("INFO", "1")
                        + line("INFO", "2")
                        + line(
                                "WARN",
                                "Reached maximum allowed output lines for this run: the lines behind are left out."));
    }

    @Test
    void cutsALineThatNeverEnds() {
        String log = log(
                run(WebJobRunStatus.RUNNING).build(),
                100,
                chunk(OutputStream.OUT, 0, "x".repeat(65_536)),
                chunk(OutputStream.OUT, 65_536, "y\n"));
        assertThat(log).isEqualTo(HEAD + line("INFO", "x".repeat(65_536)) + line("INFO", "y"));
    }
}
