package io.muster.api.surface.webjobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.ScriptHost;
import io.muster.records.WebJob;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobMissed;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests the log of a job's schedule, line for line. */
class SchedulerLogTest {
    private static final Instant DUE = Instant.parse("2026-11-30T15:00:00Z");
    private static final WebJob JOB = WebJob.newBuilder()
            .setKind(WebJobKind.TRIGGERED)
            .setName("purge")
            .setFiles(new WebJobFiles("0".repeat(64), 1L, "run.sh", "", "run.sh", ScriptHost.BASH))
            .setSettings("{}")
            .setChangedAt(DUE)
            .build();

    @Test
    void saysWhichTimesBroughtNoRunAndWhenItIsDue() {
        WebJob job = WebJob.newBuilder(JOB)
                .setDueAt(DUE)
                .setMissed(List.of(
                        new WebJobMissed(Instant.parse("2026-11-30T14:00:07Z"), 3, false),
                        new WebJobMissed(Instant.parse("2026-11-30T14:10:00Z"), 1, true)))
                .build();
        assertThat(SchedulerLog.of(job)).isEqualTo("""
                [11/30/2026 14:00:07 > -: WARN] Missed 3 schedules: too late to run.\r
                [11/30/2026 14:10:00 > -: WARN] Missed 1 schedule: a run had not ended.\r
                Next schedule expected at 2026-11-30T15:00:00Z\r
                """);
    }

    @Test
    void saysThatNothingIsDue() {
        assertThat(SchedulerLog.of(JOB)).isEqualTo("No schedule is due.\r\n");
    }

    @Test
    void saysWhyAnExpressionIsNotUsed() {
        WebJob job = WebJob.newBuilder(JOB)
                .setSettings("{\"schedule\":\"0 0 3 * *\"}")
                .build();
        assertThat(SchedulerLog.of(job))
                .startsWith("[11/30/2026 15:00:00 > -: ERR ] The schedule is not used. ")
                .contains("six fields")
                .endsWith("\r\nNo schedule is due.\r\n");
    }
}
