package io.muster.planner;

import io.muster.planner.fleet.topology.FleetProcessor;
import io.muster.records.CancelJob;
import io.muster.records.CountDevices;
import io.muster.records.CreateJob;
import io.muster.records.DeviceMethod;
import io.muster.records.DropDeviceJobs;
import io.muster.records.Expansion;
import io.muster.records.JobDefinition;
import io.muster.topics.Topics;
import java.time.Duration;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Prints how long the longest tick was in which bulk work over 40,000 devices was done, with the test driver's overhead, which is most of the
 * longest ones: it compiles a regular expression for each record that a tick wrote.
 *
 * <p>Run it with
 * {@code mvn test -pl job-planner-service -am -Dtest=TurnTimes -Dsteps.measure=true}. Asserts nothing: times are of the machine.
 */
class TurnTimes {
    private static final int DEVICES = 40_000;

    @Test
    @EnabledIfSystemProperty(named = "turns.measure", matches = "true")
    void measure() {
        try (PlannerDriver planner = new PlannerDriver()) {
            for (int i = 0; i < DEVICES; i++) {
                planner.create(String.format("d%05d", i), "{}");
            }
            Object before = planner.lastReply();
            report(planner, "census", () -> planner.list(new CountDevices()), () -> planner.lastReply() != before);
            for (String round : new String[] {"cold", "warm"}) {
                String cancelled = "cancelled-" + round;
                String expired = "expired-" + round;
                report(planner, "begin " + round, () -> begin(planner, cancelled), () -> planner.isExpanded(cancelled));
                report(
                        planner,
                        "cancel " + round,
                        () -> planner.job(cancelled, new CancelJob()),
                        () -> planner.changelog(FleetProcessor.JOBS).isEmpty());
                begin(planner, expired);
                planner.tickUntil(() -> planner.isExpanded(expired));
                report(
                        planner,
                        "expire " + round,
                        () -> planner.advance(Duration.ofHours(1)),
                        () -> planner.changelog(FleetProcessor.JOBS).isEmpty());
                report(
                        planner,
                        "drop " + round,
                        () -> drop(planner, cancelled),
                        () -> planner.changelog(FleetProcessor.JOBS).isEmpty());
            }
        }
    }

    private static void begin(PlannerDriver planner, String job) {
        planner.job(
                job,
                new CreateJob(new JobDefinition(job, new DeviceMethod("reboot", "1", 30, 0), "*", null, 3600, null)));
    }

    private static void drop(PlannerDriver planner, String job) {
        planner.raw(
                Topics.EXPANSIONS.name(),
                job,
                planner.encode(Topics.EXPANSIONS, new Expansion(job, 0, 1, new DropDeviceJobs())));
    }

    @SuppressWarnings("SystemOut") // It is a report.
    private static void report(PlannerDriver planner, String work, Runnable begin, BooleanSupplier done) {
        planner.forgetTicks();
        begin.run();
        planner.tickUntil(done);
        System.out.printf(Locale.ROOT, "longest tick of %s: %s%n", work, planner.ticks());
    }
}
