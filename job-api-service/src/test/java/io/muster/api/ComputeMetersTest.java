package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.api.compute.NodeView;
import io.muster.api.job.SiteView;
import io.muster.records.NodeJoined;
import io.muster.records.NodeLost;
import io.muster.records.NodeSchedulingChanged;
import io.muster.records.PoolEvents;
import io.muster.records.ScriptHost;
import io.muster.records.Site;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskPlace;
import io.muster.records.TaskPlaced;
import io.muster.records.TaskToken;
import io.muster.records.WebJob;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Counts what views know, at each look. */
class ComputeMetersTest {
    private final NodeView nodes = new NodeView();
    private final SiteView sites = new SiteView();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private void happened(Object... events) {
        nodes.read(new PoolEvents("default", TestApi.NOW, List.of(events)));
    }

    private static NodeJoined joined(String nodeId) {
        return new NodeJoined(nodeId, 0, 1L, "boot", 4, List.of("bash"), "");
    }

    private double value(String name, String... tags) {
        return meters.get(name).tags(tags).gauge().value();
    }

    @Test
    void countsNodesByStateAndTheSlotsOfThoseThatTakeTasks() {
        ComputeMeters.register(nodes, sites, meters);
        happened(joined("node-1"), joined("node-2"), joined("node-3"), joined("node-4"));
        happened(
                new TaskPlaced(
                        new TaskToken("t", 1L),
                        new TaskAttempt(0, 0, 0),
                        List.of(new TaskPlace("node-1", 1L), new TaskPlace("node-2", 1L)),
                        List.of(),
                        1),
                new NodeLost("node-3"),
                new NodeSchedulingChanged("node-4", false, false));
        nodes.read(new PoolEvents("$reserve", TestApi.NOW, List.of(joined("spare"))));
        assertThat(value("muster.nodes", "state", "running")).isEqualTo(2);
        assertThat(value("muster.nodes", "state", "unusable")).isEqualTo(1);
        assertThat(value("muster.nodes", "state", "idle")).isEqualTo(2);
        assertThat(value("muster.nodes.slots")).as("of the running ones alone").isEqualTo(8);
        assertThat(value("muster.nodes.tasks")).isEqualTo(2);
    }

    private static WebJobRun run(WebJobRunStatus status) {
        return WebJobRun.newBuilder()
                .setId("1")
                .setStatus(status)
                .setTrigger("x")
                .setPoolId("default")
                .setTaskId("t")
                .setScript("run.sh")
                .setHost(ScriptHost.BASH)
                .setBegunAt(TestApi.NOW)
                .build();
    }

    @Test
    void countsRunsThatWaitOrGoOn() {
        ComputeMeters.register(nodes, sites, meters);
        WebJob job = WebJob.newBuilder()
                .setKind(WebJobKind.TRIGGERED)
                .setName("purge")
                .setFiles(WebJobFiles.newBuilder()
                        .setSha256("ab".repeat(32))
                        .setBytes(1)
                        .setScript("run.sh")
                        .setHost(ScriptHost.BASH)
                        .build())
                .setSettings("{}")
                .setChangedAt(TestApi.NOW)
                .setRuns(List.of(run(WebJobRunStatus.INITIALIZING), run(WebJobRunStatus.SUCCESS)))
                .build();
        sites.put(Site.newBuilder()
                .setSite("plant")
                .setRevision(1)
                .setWebJobs(List.of(job))
                .build());
        assertThat(value("muster.webjobs.runs", "status", "initializing")).isEqualTo(1);
        assertThat(value("muster.webjobs.runs", "status", "running")).isZero();
    }
}
