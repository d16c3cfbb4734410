package io.muster.system;

import static io.muster.system.RunningMuster.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Kills the broker in the middle of a job, and is long in starting it again. Answers of devices wait in the gateway meanwhile.
 * {@code -Daway=120} has it away for so many seconds.
 */
class BrokerAwayTest {
    private static final int DEVICES = 1000;
    private static final int ANSWER_SECONDS = 15;

    /** Answers each call well within its time, and sends telemetry beside. */
    private static final Behaviour BUSY =
            new Behaviour(Duration.ofMillis(50), Duration.ofSeconds(3), 0, 0, 0, false, Duration.ofSeconds(2), 11);

    static Stream<Integer> seconds() {
        return Arrays.stream(System.getProperty("away", "5,30").split(",")).map(Integer::valueOf);
    }

    @ParameterizedTest
    @MethodSource("seconds")
    void callsEveryDeviceOnceAndCountsItsAnswer(int seconds) throws Exception {
        RunningMuster muster = RunningMuster.get();
        assumeThat(muster.ownsBroker()).isTrue();
        String name = "away-" + seconds;
        List<String> ids = SimulatedFleet.deviceIds(name + "-", DEVICES);
        muster.register(ids, "{\"away\":" + seconds + "}");
        try (SimulatedFleet fleet = muster.connect(ids, BUSY)) {
            await().atMost(Duration.ofMinutes(2)).until(() -> fleet.counters().connected() == DEVICES);
            ok(muster.rest
                    .send(
                            "PUT",
                            "/jobs/v2/" + name,
                            "{\"type\":\"scheduleDeviceMethod\",\"queryCondition\":\"tags.away = " + seconds
                                    + "\",\"cloudToDeviceMethod\":{\"methodName\":\"reboot\",\"payload\":1,\"responseTimeoutInSeconds\":"
                                    + ANSWER_SECONDS + "},\"maxExecutionTimeInSeconds\":900}")
                    .join());
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> fleet.counters().methods() > DEVICES / 10);
            killAndHold(muster, seconds);
            JsonNode counts = completed(muster, name);
            System.out.println(name + ": " + counts);
            assertThat(counts.path("deviceCount").asInt()).isEqualTo(DEVICES);
            assertThat(counts.path("succeededCount").asInt()).isEqualTo(DEVICES);
            assertThat(fleet.counters().methods()).isEqualTo(DEVICES);
            assertThat(fleet.counters().repeated()).isZero();
        }
    }

    /** Kills the broker, and stops the one that is started in its place before it listens, for so long. */
    private static void killAndHold(RunningMuster muster, int seconds) throws IOException, InterruptedException {
        ProcessHandle killed = muster.standalone.process("broker");
        killed.destroyForcibly();
        ProcessHandle next = await().pollInterval(Duration.ofMillis(10))
                .ignoreExceptions()
                .until(() -> muster.standalone.process("broker"), process -> process.pid() != killed.pid());
        signal("-STOP", next);
        try {
            await().pollDelay(Duration.ofSeconds(seconds))
                    .atMost(Duration.ofSeconds(seconds + 60))
                    .until(() -> true);
        } finally {
            signal("-CONT", next);
        }
    }

    private static void signal(String signal, ProcessHandle process) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
    }

    private static JsonNode completed(RunningMuster muster, String id) {
        return await().atMost(Duration.ofMinutes(5))
                .pollInterval(Duration.ofMillis(200))
                .ignoreExceptions()
                .until(
                        () -> ok(muster.rest.send("GET", "/jobs/v2/" + id, null).join()),
                        job -> job.path("status").asText().equals("completed"))
                .path("deviceJobStatistics");
    }
}
