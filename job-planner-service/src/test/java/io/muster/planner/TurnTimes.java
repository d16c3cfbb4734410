package io.muster.planner;

import io.muster.planner.fleet.topology.FleetProcessor;
import io.muster.records.CancelJob;
import io.muster.records.Capability;
import io.muster.records.ConnectionTerms;
import io.muster.records.CountDevices;
import io.muster.records.CreateJob;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceMethod;
import io.muster.records.DropDeviceJobs;
import io.muster.records.Expansion;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.PauseJob;
import io.muster.records.ReleaseDeviceJobs;
import io.muster.records.RequestConnection;
import io.muster.records.ResumeJob;
import io.muster.records.Rollout;
import io.muster.topics.Topics;
import java.time.Duration;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Prints how long the longest tick was in which bulk work over 40,000 devices was done, with the test driver's overhead, which is most of the
 * longest ones: it compiles a regular expression for each record that a tick wrote.
 *
 * <p>Run it with
 * {@code mvn test -pl job-planner-service -am -Dtest=TurnTimes -Dturns.measure=true}. Asserts nothing: times are of the machine.
 */
class TurnTimes {
    private static final int DEVICES = 40_000;

    @Test
    @EnabledIfSystemProperty(named = "turns.measure", matches = "true")
    void measure() {
        try (PlannerDriver planner = new PlannerDriver()) {
            for (int i = 0; i < DEVICES; i++) {
                planner.create(device(i), "{}");
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
            long[] epochs = connect(planner);
            for (String round : new String[] {"cold", "warm"}) {
                release(planner, epochs, round);
                resume(planner, epochs, round);
            }
        }
    }

    /** Releases all targets at once, whose devices take methods. */
    private static void release(PlannerDriver planner, long[] epochs, String round) {
        String job = "released-" + round;
        take(planner, epochs, Capability.METHODS);
        int before = planner.deliveries().size();
        JobPolicy oneAMinute = JobPolicy.newBuilder()
                .setRollout(Rollout.newBuilder().setDevicesPerMinute(1).build())
                .build();
        planner.job(job, method(job, oneAMinute));
        planner.tickUntil(() -> planner.isExpanded(job));
        planner.beat();
        report(
                planner,
                "release " + round,
                () -> ask(planner, job, new ReleaseDeviceJobs((long) DEVICES)),
                () -> planner.deliveries().size() >= before + DEVICES);
    }

    /** Resumes a job whose methods were begun before their devices took such. */
    private static void resume(PlannerDriver planner, long[] epochs, String round) {
        String job = "resumed-" + round;
        take(planner, epochs);
        int before = planner.deliveries().size();
        planner.job(job, method(job, null));
        planner.tickUntil(() -> planner.isExpanded(job));
        planner.job(job, new PauseJob());
        take(planner, epochs, Capability.METHODS);
        report(
                planner,
                "resume " + round,
                () -> planner.job(job, new ResumeJob()),
                () -> planner.deliveries().size() >= before + DEVICES);
    }

    /** Connects all devices, which take nothing yet. @return their connections' epochs */
    private static long[] connect(PlannerDriver planner) {
        long[] epochs = new long[DEVICES];
        for (int i = 0; i < DEVICES; i++) {
            planner.report(device(i), new RequestConnection());
            ConnectionTerms terms =
                    (ConnectionTerms) planner.deliveries().getLast().getDelivery();
            epochs[i] = terms.getEpoch();
            planner.report(device(i), new DeviceConnected(epochs[i], false, null));
        }
        return epochs;
    }

    private static void take(PlannerDriver planner, long[] epochs, Capability... capabilities) {
        planner.beat();
        for (int i = 0; i < DEVICES; i++) {
            planner.report(device(i), PlannerDriver.takes(epochs[i], capabilities));
        }
    }

    private static String device(int number) {
        return String.format("d%05d", number);
    }

    private static void begin(PlannerDriver planner, String job) {
        planner.job(job, method(job, null));
    }

    private static CreateJob method(String job, @Nullable JobPolicy policy) {
        return new CreateJob(new JobDefinition(job, new DeviceMethod("reboot", "1", 30, 0), "*", null, 3600, policy));
    }

    private static void drop(PlannerDriver planner, String job) {
        ask(planner, job, new DropDeviceJobs());
    }

    private static void ask(PlannerDriver planner, String job, Object request) {
        planner.raw(
                Topics.EXPANSIONS.name(), job, planner.encode(Topics.EXPANSIONS, new Expansion(job, 0, 1, request)));
    }

    @SuppressWarnings("SystemOut") // It is a report.
    private static void report(PlannerDriver planner, String work, Runnable begin, BooleanSupplier done) {
        planner.forgetTicks();
        begin.run();
        planner.tickUntil(done);
        System.out.printf(Locale.ROOT, "longest tick of %s: %s%n", work, planner.ticks());
    }
}
