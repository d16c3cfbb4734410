package io.muster.planner.site;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.document.SiteNodes;
import io.muster.records.PoolNodes;
import io.muster.records.PutWebJob;
import io.muster.records.RunWebJob;
import io.muster.records.ScriptHost;
import io.muster.records.Site;
import io.muster.records.SiteEvent;
import io.muster.records.TaskResult;
import io.muster.records.WebJob;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobStart;
import io.muster.service.decider.Decision;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Fills a site as far as its rules let anybody, with names as long as they may be: its document is a record still. */
class RunHistoryTest {
    /** Bounds a record of the topic `sites`, less what is around it. */
    private static final int MOST_BYTES = (8 << 20) - (64 << 10);

    private static final String ID = "s".repeat(60);
    private static final String JOB = "j".repeat(64);
    private static final List<String> NODES = IntStream.range(0, WebJobRules.MOST_NODES)
            .mapToObj(node -> "%02d".formatted(node) + "n".repeat(126))
            .toList();

    private @Nullable Site site;
    private Instant now = Instant.parse("2026-11-21T03:00:00.441Z");

    private void decide(SiteInput input) {
        if (SiteDecider.decide(ID, site, input, now) instanceof Decision.Happened<SiteEvent>(SiteEvent event)) {
            site = SiteDecider.evolve(site, event);
        }
    }

    private void put(WebJobKind kind, String script) {
        WebJobFiles files = WebJobFiles.newBuilder()
                .setSha256("ab".repeat(32))
                .setBytes(10)
                .setFileName(script)
                .setScript(script)
                .setHost(ScriptHost.BASH)
                .build();
        decide(new SiteInput.Put(PutWebJob.newBuilder()
                .setKind(kind)
                .setName(JOB)
                .setFiles(files)
                .setSettings("{}")
                .build()));
        SiteDecider.settling(site, SiteNodes.all(site), kind, JOB).forEach(this::decide);
    }

    private WebJob job(WebJobKind kind) {
        return SiteState.job(site, kind, JOB).orElseThrow();
    }

    private List<WebJobRun> living() {
        return job(WebJobKind.CONTINUOUS).getRuns().stream()
                .filter(SiteState::isLiving)
                .toList();
    }

    /** Starts each program as often as its log shows, and more. */
    private void restartAll() {
        for (WebJobRun run : living()) {
            for (int start = 0; start < 12; start++) {
                now = now.plusSeconds(1);
                decide(new SiteInput.Started(run.getTaskId(), run.getPinnedTo(), Long.MAX_VALUE - start));
                decide(new SiteInput.Waits(run.getTaskId(), 1));
            }
        }
    }

    private void continuous(String script) {
        decide(new SiteInput.PoolHas("default", new PoolNodes(NODES, NODES.size(), null)));
        for (int round = 0; round < 3; round++) {
            now = now.plusSeconds(60);
            put(WebJobKind.CONTINUOUS, script);
            for (WebJobRun run : living()) {
                decide(new SiteInput.Ended("default", run.getTaskId(), TaskResult.STOPPED, 1, "d".repeat(200)));
                decide(new SiteInput.SettleTask(run.getTaskId()));
            }
            restartAll();
        }
    }

    private void triggered(String script) {
        put(WebJobKind.TRIGGERED, script);
        for (int run = 0; run < 60; run++) {
            now = now.plusSeconds(1);
            decide(new SiteInput.Run(new RunWebJob(JOB, "", "t".repeat(300)), null));
            String taskId = job(WebJobKind.TRIGGERED).getRuns().getFirst().getTaskId();
            decide(new SiteInput.Started(taskId, NODES.getFirst(), run));
            decide(new SiteInput.Ended("default", taskId, TaskResult.FAILED, 1, "d".repeat(200)));
        }
    }

    /** Returns the bytes of a site that has as many jobs of that history as it may, and as many settings. */
    private int bytesOfAll(WebJobKind kind) throws IOException {
        List<WebJob> jobs = IntStream.range(0, WebJobRules.MOST_JOBS)
                .mapToObj(number -> WebJob.newBuilder(job(kind))
                        .setName("%03d".formatted(number) + JOB.substring(3))
                        .setSettings("s".repeat((2 << 20) / WebJobRules.MOST_JOBS))
                        .build())
                .toList();
        return Site.getEncoder()
                .encode(Site.newBuilder(site).setWebJobs(jobs).build())
                .remaining();
    }

    @Test
    void keepsASiteOfContinuousJobsBelowTheSizeOfARecord() throws IOException {
        continuous("é".repeat(127));
        assertThat(living()).as("those that live are kept").hasSize(NODES.size());
        assertThat(bytesOfAll(WebJobKind.CONTINUOUS)).isLessThan(MOST_BYTES);
    }

    @Test
    void keepsASiteOfTriggeredJobsBelowTheSizeOfARecord() throws IOException {
        site = Site.newBuilder()
                .setSite(ID)
                .setRevision(1)
                .setSettings(new HashMap<>(Map.of("WEBJOBS_HISTORY_SIZE", "50")))
                .build();
        triggered("é".repeat(127));
        assertThat(job(WebJobKind.TRIGGERED).getRuns()).hasSizeGreaterThan(20);
        assertThat(bytesOfAll(WebJobKind.TRIGGERED)).isLessThan(MOST_BYTES);
    }

    @Test
    void keepsTheWholeHistoryOfJobsOfUsualNames() {
        continuous("run.sh");
        assertThat(job(WebJobKind.CONTINUOUS).getRuns()).hasSize(2 * NODES.size());
        assertThat(living().getFirst().getStarts())
                .extracting(WebJobStart::getNodeId)
                .as("a run that is pinned says it once")
                .containsOnly("");
    }
}
