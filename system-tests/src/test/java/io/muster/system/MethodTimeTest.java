package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.standalone.RestClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A method's response timeout is kept: an answer that comes later is no success, in a call and in a job. Contract: iot-hub, 1.6. */
class MethodTimeTest {
    private static final int DEVICES = 20;
    private static final int ANSWER_SECONDS = 5;

    private static Behaviour answeringAfter(Duration shortest, Duration longest) {
        return Behaviour.answeringWithin(shortest, longest, 5);
    }

    private static List<RestClient.Answer> callAll(RunningMuster muster, List<String> ids) {
        List<CompletableFuture<RestClient.Answer>> calls = new ArrayList<>();
        for (String id : ids) {
            calls.add(muster.rest.send(
                    "POST",
                    "/twins/" + id + "/methods",
                    "{\"methodName\":\"reboot\",\"payload\":1,\"responseTimeoutInSeconds\":" + ANSWER_SECONDS + "}"));
        }
        return calls.stream().map(CompletableFuture::join).toList();
    }

    @Test
    void anAnswerThatComesTooLateIsATimeout() throws Exception {
        RunningMuster muster = RunningMuster.get();
        List<String> ids = SimulatedFleet.deviceIds("late-", DEVICES);
        muster.register(ids, "{\"late\":true}");
        Behaviour late = answeringAfter(Duration.ofMillis(5300), Duration.ofSeconds(8));
        try (SimulatedFleet fleet = muster.connect(ids, late)) {
            await().until(() -> fleet.counters().connected() == DEVICES);
            long start = System.nanoTime();
            assertThat(callAll(muster, ids))
                    .extracting(RestClient.Answer::status)
                    .containsOnly(504);
            System.out.println("504 after " + Duration.ofNanos(System.nanoTime() - start));
            assertThat(fleet.counters().methods()).isEqualTo(DEVICES);
            RunningMuster.schedule(muster.rest, "late", "tags.late = true", ANSWER_SECONDS);
            JsonNode counts = RunningMuster.completed(muster.rest, "late");
            assertThat(counts.path("failedCount").asInt()).isEqualTo(DEVICES);
        }
    }

    @Test
    void anAnswerInTimeIsASuccess() throws Exception {
        RunningMuster muster = RunningMuster.get();
        List<String> ids = SimulatedFleet.deviceIds("in-time-", DEVICES);
        muster.register(ids, "{}");
        Behaviour inTime = answeringAfter(Duration.ofMillis(2000), Duration.ofSeconds(4));
        try (SimulatedFleet fleet = muster.connect(ids, inTime)) {
            await().until(() -> fleet.counters().connected() == DEVICES);
            assertThat(callAll(muster, ids))
                    .extracting(RestClient.Answer::status)
                    .containsOnly(200);
        }
    }
}
