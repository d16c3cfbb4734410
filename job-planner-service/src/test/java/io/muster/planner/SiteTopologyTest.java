package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.muster.planner.PlannerDriver.Ordered;
import io.muster.records.Capability;
import io.muster.records.DeleteWebJob;
import io.muster.records.ExitCause;
import io.muster.records.NodeRemoved;
import io.muster.records.NodeReported;
import io.muster.records.ProgramExited;
import io.muster.records.ProgramStarted;
import io.muster.records.PutSiteSettings;
import io.muster.records.PutWebJob;
import io.muster.records.RunWebJob;
import io.muster.records.ScriptHost;
import io.muster.records.Site;
import io.muster.records.SiteRefusalReason;
import io.muster.records.SiteRefused;
import io.muster.records.StartAttempt;
import io.muster.records.StopAttempt;
import io.muster.records.StopWebJob;
import io.muster.records.TaskToken;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Runs sites in the planner's topology: runs become tasks of a pool, orders to a node, and come back. */
class SiteTopologyTest {
    private static final String POOL = "default";
    private static final String SITE = "fleet";
    private static final WebJobFiles FILES = WebJobFiles.newBuilder()
            .setSha256("ab".repeat(32))
            .setBytes(10)
            .setFileName("run.sh")
            .setScript("run.sh")
            .setHost(ScriptHost.BASH)
            .build();
    private final PlannerDriver planner = new PlannerDriver();
    private long epoch;

    @AfterEach
    void close() {
        assertThat(planner.deadLetters()).isEmpty();
        planner.close();
    }

    private void node() {
        node("node-1", POOL);
    }

    private void node(String node, String pool) {
        planner.create(node, "{\"compute\":{\"pool\":\"" + pool + "\"}}");
        epoch = planner.connect(node, Capability.TASKS);
        planner.reportToPool(pool, node, epoch, new NodeReported(1L, "boot", 2, List.of("bash"), List.of(), ""));
    }

    private Object ask(Object command) {
        planner.site(SITE, command);
        planner.advance(Duration.ofMillis(20));
        return planner.replies().getLast().getOutcome();
    }

    private WebJobRun run(WebJobKind kind) {
        Site site = planner.site(SITE);
        return site.getWebJobs().stream()
                .filter(job -> job.getKind() == kind)
                .findFirst()
                .orElseThrow()
                .getRuns()
                .getFirst();
    }

    private TaskToken started() {
        StartAttempt start = (StartAttempt) planner.orders("node-1").getLast().order();
        planner.reportToPool(POOL, "node-1", epoch, new ProgramStarted(start.getToken()));
        return start.getToken();
    }

    private void exited(TaskToken token, int code, ExitCause cause) {
        planner.reportToPool(POOL, "node-1", epoch, new ProgramExited(token, code, cause, ""));
    }

    @Test
    void carriesARunToANodeAndItsEndBack() {
        node();
        assertThat(ask(new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{}", false, null, "")))
                .isInstanceOf(Site.class);
        assertThat(ask(new RunWebJob("purge", "a b", "External - curl"))).isInstanceOf(Site.class);
        assertThat(run(WebJobKind.TRIGGERED).getStatus()).isEqualTo(WebJobRunStatus.INITIALIZING);
        TaskToken token = started();
        assertThat(run(WebJobKind.TRIGGERED).getStatus()).isEqualTo(WebJobRunStatus.RUNNING);
        assertThat(run(WebJobKind.TRIGGERED).getNodeId()).isEqualTo("node-1");
        assertThat(run(WebJobKind.TRIGGERED).getPlacement()).isEqualTo(token.getPlacement());
        exited(token, 3, ExitCause.ITSELF);
        assertThat(run(WebJobKind.TRIGGERED).getStatus()).isEqualTo(WebJobRunStatus.FAILED);
        assertThat(run(WebJobKind.TRIGGERED).getExitCode()).isEqualTo(3);
        assertThat(planner.changelog("pool-tasks"))
                .as("the pool keeps no task that its site has heard of")
                .isEmpty();
    }

    @Test
    void answersWithTheReasonOfARefusal() {
        assertThat(ask(new RunWebJob("purge", "", "x")))
                .isEqualTo(new SiteRefused(SiteRefusalReason.NOT_FOUND, "There is no such WebJob."));
    }

    @Test
    void stopsTheTaskOfAJobThatIsDeleted() {
        node();
        ask(new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{}", false, null, ""));
        ask(new RunWebJob("purge", "", "x"));
        TaskToken token = started();
        ask(new DeleteWebJob(WebJobKind.TRIGGERED, "purge"));
        assertThat(planner.orders("node-1").getLast().order()).isEqualTo(new StopAttempt(token));
        exited(token, 143, ExitCause.STOPPED);
        assertThat(planner.changelog("pool-tasks")).isEmpty();
    }

    private List<StartAttempt> starts() {
        return planner.orders("node-1").stream()
                .map(Ordered::order)
                .filter(StartAttempt.class::isInstance)
                .map(StartAttempt.class::cast)
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"is_singleton\":true}"})
    void startsAContinuousJobThatReplacesADeletedOneWhenThatHasEnded(String settings) {
        node();
        ask(new PutWebJob(WebJobKind.CONTINUOUS, "watch", FILES, settings, false, null, ""));
        TaskToken token = started();
        ask(new DeleteWebJob(WebJobKind.CONTINUOUS, "watch"));
        ask(new PutWebJob(WebJobKind.CONTINUOUS, "WATCH", FILES, settings, false, null, ""));
        planner.restart();
        planner.advance(Duration.ofSeconds(2));
        assertThat(starts()).as("the deleted job's program runs").hasSize(1);
        exited(token, 143, ExitCause.STOPPED);
        planner.advance(Duration.ofMillis(20));
        assertThat(starts()).hasSize(2);
        assertThat(run(WebJobKind.CONTINUOUS).getTaskId())
                .isEqualTo(starts().getLast().getToken().getTaskId());
    }

    @Test
    void runsATriggeredJobThatReplacesADeletedOneWhenThatHasEnded() {
        node();
        ask(new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{}", false, null, ""));
        ask(new RunWebJob("purge", "", "x"));
        TaskToken token = started();
        ask(new DeleteWebJob(WebJobKind.TRIGGERED, "purge"));
        ask(new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{\"schedule\":\"* * * * * *\"}", false, null, ""));
        assertThat(ask(new RunWebJob("purge", "", "x")))
                .isInstanceOfSatisfying(
                        SiteRefused.class,
                        refused -> assertThat(refused.getReason()).isEqualTo(SiteRefusalReason.RUNNING));
        planner.advance(Duration.ofSeconds(2));
        assertThat(starts()).as("its schedule waits too").hasSize(1);
        exited(token, 143, ExitCause.STOPPED);
        planner.advance(Duration.ofSeconds(2));
        planner.advance(Duration.ofMillis(20));
        assertThat(starts()).hasSize(2);
    }

    @Test
    void runsAndStopsAContinuousJobOverARestartOfThePlanner() {
        node();
        ask(new PutWebJob(WebJobKind.CONTINUOUS, "watch", FILES, "{}", false, null, ""));
        TaskToken token = started();
        planner.restart();
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.RUNNING);
        ask(new StopWebJob("watch"));
        assertThat(planner.orders("node-1").getLast().order()).isEqualTo(new StopAttempt(token));
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.STOPPING);
        exited(token, 143, ExitCause.STOPPED);
        assertThat(run(WebJobKind.CONTINUOUS).getStatus()).isEqualTo(WebJobRunStatus.STOPPED);
        planner.advance(Duration.ofMinutes(5));
        assertThat(planner.orders("node-1").stream().filter(order -> order.order() instanceof StartAttempt))
                .hasSize(1);
    }

    @Test
    void runsAContinuousJobOnEveryNodeOfThePool() {
        node();
        ask(new PutWebJob(WebJobKind.CONTINUOUS, "watch", FILES, "{}", false, null, ""));
        exited(started(), 0, ExitCause.ITSELF);
        planner.restart();
        node("node-2", POOL);
        planner.advance(Duration.ofMillis(20));
        StartAttempt second = (StartAttempt) planner.orders("node-2").getLast().order();
        planner.reportToPool(POOL, "node-2", epoch, new ProgramStarted(second.getToken()));
        assertThat(run(WebJobKind.CONTINUOUS).getNodeId()).isEqualTo("node-2");
        assertThat(planner.site(SITE).getWebJobs().getFirst().getRuns())
                .extracting(WebJobRun::getStatus)
                .containsExactly(WebJobRunStatus.RUNNING, WebJobRunStatus.PENDING_RESTART);
    }

    @Test
    void hearsNothingOfANodeThatConnectsAgain() {
        node();
        ask(new PutWebJob(WebJobKind.CONTINUOUS, "watch", FILES, "{}", false, null, ""));
        int before = planner.news().size();
        planner.connect("node-1", Capability.TASKS);
        assertThat(planner.news()).hasSize(before);
    }

    @Test
    void hearsOfTheNodesOfAPoolAsLongAsItHasAContinuousJobThere() {
        node();
        assertThat(planner.changelog("pool-watchers")).isEmpty();
        ask(new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{}", false, null, ""));
        assertThat(planner.changelog("pool-watchers")).isEmpty();
        ask(new PutWebJob(WebJobKind.CONTINUOUS, "watch", FILES, "{}", false, null, ""));
        ask(new PutWebJob(WebJobKind.CONTINUOUS, "other", FILES, "{}", false, null, ""));
        assertThat(watched()).containsExactly(POOL);
        node("node-2", SITE);
        assertThat(watched()).as("it has moved").containsExactly(SITE);
        planner.reportToPool(SITE, "node-2", epoch, new NodeRemoved());
        planner.advance(Duration.ofMillis(20));
        assertThat(watched()).as("it is back").containsExactly(POOL);
        assertThat(planner.site(SITE).getNodes()).containsExactly("node-1");
        ask(new DeleteWebJob(WebJobKind.CONTINUOUS, "other"));
        assertThat(watched()).containsExactly(POOL);
        ask(new DeleteWebJob(WebJobKind.CONTINUOUS, "watch"));
        assertThat(watched()).isEmpty();
        assertThat(planner.site(SITE).getNodes())
                .as("it does not hear of those that go")
                .isEmpty();
    }

    private List<String> watched() {
        return planner.changelog("pool-watchers").keySet().stream()
                .map(key -> key.substring(0, key.indexOf('\0')))
                .toList();
    }

    @Test
    void firesWhenAScheduleIsDue() {
        node();
        ask(new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{\"schedule\":\"0 */5 * * * *\"}", false, null, ""));
        planner.advance(Duration.ofMinutes(5));
        assertThat(run(WebJobKind.TRIGGERED).getTrigger()).isEqualTo("Schedule - 0 */5 * * * *");
        assertThat(run(WebJobKind.TRIGGERED).getId()).startsWith("20261121020500");
    }

    /** The alert MusterWebJobsMiss names these lines. */
    @Test
    void saysInTheLogWhichWebJobMissedItsTimes() {
        node();
        ask(new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{\"schedule\":\"0 */5 * * * *\"}", false, null, ""));
        planner.advance(Duration.ofMinutes(5));
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        Logger logger = (Logger) LoggerFactory.getLogger("io.muster.planner.site.topology.SiteEffects");
        logger.addAppender(lines);
        try {
            planner.advance(Duration.ofMinutes(10));
        } finally {
            logger.detachAppender(lines);
        }
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("WebJobRescheduled site=" + SITE + " job=purge missed=2");
    }

    private static PutSiteSettings setting(String name, String value) {
        return new PutSiteSettings(Map.of(name, value), false);
    }

    private WebJobRunStatus status(WebJobKind kind) {
        return run(kind).getStatus();
    }

    @Test
    void runsNothingOfASiteThatIsStopped() {
        node();
        ask(new PutWebJob(WebJobKind.CONTINUOUS, "watch", FILES, "{}", false, null, ""));
        TaskToken watch = started();
        ask(new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{\"schedule\":\"0 */5 * * * *\"}", false, null, ""));
        ask(new RunWebJob("purge", "", "x"));
        TaskToken purge = started();
        ask(setting("WEBJOBS_STOPPED", "1"));
        assertThat(planner.orders("node-1").stream().map(Ordered::order))
                .contains(new StopAttempt(watch), new StopAttempt(purge));
        exited(watch, 143, ExitCause.STOPPED);
        exited(purge, 143, ExitCause.STOPPED);
        planner.advance(Duration.ofMinutes(6));
        assertThat(starts()).as("nothing began meanwhile").hasSize(2);
        assertThat(status(WebJobKind.CONTINUOUS)).isEqualTo(WebJobRunStatus.STOPPED);
        assertThat(status(WebJobKind.TRIGGERED)).isEqualTo(WebJobRunStatus.STOPPED);

        ask(setting("WEBJOBS_STOPPED", "0"));
        planner.advance(Duration.ofMinutes(5));
        planner.advance(Duration.ofMillis(20));
        assertThat(starts()).hasSize(4);
        assertThat(run(WebJobKind.TRIGGERED).getTrigger()).isEqualTo("Schedule - 0 */5 * * * *");
    }

    @Test
    void leavesContinuousJobsRunningWhereSchedulesAreDisabled() {
        node();
        ask(new PutWebJob(WebJobKind.CONTINUOUS, "watch", FILES, "{}", false, null, ""));
        started();
        ask(new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{\"schedule\":\"0 */5 * * * *\"}", false, null, ""));
        ask(setting("WEBJOBS_DISABLE_SCHEDULE", "1"));
        planner.advance(Duration.ofMinutes(6));
        assertThat(starts()).hasSize(1);
        assertThat(status(WebJobKind.CONTINUOUS)).isEqualTo(WebJobRunStatus.RUNNING);
        ask(setting("WEBJOBS_DISABLE_SCHEDULE", "0"));
        planner.restart();
        planner.advance(Duration.ofMinutes(5));
        planner.advance(Duration.ofMillis(20));
        assertThat(starts()).as("its time comes over a restart").hasSize(2);
    }

    @Test
    void timesTheFirstStartOfARunAlone() {
        node();
        ask(new PutWebJob(WebJobKind.CONTINUOUS, "watch", FILES, "{}", false, null, ""));
        exited(started(), 1, ExitCause.ITSELF);
        planner.advance(Duration.ofMinutes(2));
        planner.advance(Duration.ofMillis(20));
        started();
        assertThat(status(WebJobKind.CONTINUOUS)).isEqualTo(WebJobRunStatus.RUNNING);
        assertThat(planner.meters().get("muster.webjobs.start.latency").timer().count())
                .isOne();
    }

    @Test
    void runsOnThePoolOfItsOwnNameAsSoonAsItHasANode() {
        node();
        ask(new PutWebJob(WebJobKind.TRIGGERED, "purge", FILES, "{}", false, null, ""));
        ask(new RunWebJob("purge", "", "x"));
        assertThat(run(WebJobKind.TRIGGERED).getPoolId()).isEqualTo(POOL);
        exited(started(), 0, ExitCause.ITSELF);
        node("node-2", SITE);
        ask(new RunWebJob("purge", "", "x"));
        assertThat(run(WebJobKind.TRIGGERED).getPoolId()).isEqualTo(SITE);
        assertThat(planner.orders("node-2").getLast().order()).isInstanceOf(StartAttempt.class);
    }
}
