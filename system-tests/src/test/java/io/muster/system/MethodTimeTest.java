package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.standalone.RestClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** Keeps a method's response timeout: an answer that comes later is no success, in a call and in a job. Contract: iot-hub, 1.6. */
class MethodTimeTest {
    private static final int DEVICES = 20;
    private static final int ANSWER_SECONDS = 5;
    private static final long LATEST_MS = ANSWER_SECONDS * 1000L + 500;

    private static Behaviour answeringAfter(Duration shortest, Duration longest) {
        return Behaviour.answeringWithin(shortest, longest, 5);
    }

    /** @param took takes after how many milliseconds each was answered */
    private static List<RestClient.Answer> callAll(RunningMuster muster, List<String> ids, Queue<Long> took) {
        List<CompletableFuture<RestClient.Answer>> calls = new ArrayList<>();
        for (String id : ids) {
            long start = System.nanoTime();
            calls.add(muster.rest
                    .send(
                            "POST",
                            "/twins/" + id + "/methods",
                            "{\"methodName\":\"reboot\",\"payload\":1,\"responseTimeoutInSeconds\":" + ANSWER_SECONDS
                                    + "}")
                    .whenComplete((_, _) -> took.add((System.nanoTime() - start) / 1_000_000)));
        }
        return calls.stream().map(CompletableFuture::join).toList();
    }

    @Test
    void timesOutOnALateAnswer() throws Exception {
        RunningMuster muster = RunningMuster.get();
        List<String> ids = SimulatedFleet.deviceIds("late-", DEVICES);
        muster.register(ids, "{\"late\":true}");
        Behaviour late = answeringAfter(Duration.ofMillis(5300), Duration.ofSeconds(8));
        try (SimulatedFleet fleet = muster.connect(ids, late)) {
            await().until(() -> fleet.counters().connected() == DEVICES);
            // One of several tries is undisturbed, whatever else runs on the machine.
            Queue<Long> took = new ConcurrentLinkedQueue<>();
            for (int tries = 0; tries < 3 && took.stream().noneMatch(ms -> ms < LATEST_MS); tries++) {
                took.clear();
                assertThat(callAll(muster, ids, took))
                        .extracting(RestClient.Answer::status)
                        .containsOnly(504);
            }
            assertThat(Collections.min(took)).isBetween(ANSWER_SECONDS * 1000L - 5, LATEST_MS);
            assertThat(fleet.counters().methods()).isGreaterThanOrEqualTo(DEVICES);
            RunningMuster.schedule(muster.rest, "late", "tags.late = true", ANSWER_SECONDS);
            JsonNode counts = RunningMuster.completed(muster.rest, "late");
            assertThat(counts.path("failedCount").asInt()).isEqualTo(DEVICES);
        }
    }

    @Test
    void completesOnAnAnswerInTime() throws Exception {
        RunningMuster muster = RunningMuster.get();
        List<String> ids = SimulatedFleet.deviceIds("in-time-", DEVICES);
        muster.register(ids, "{}");
        Behaviour inTime = answeringAfter(Duration.ofMillis(2000), Duration.ofSeconds(4));
        try (SimulatedFleet fleet = muster.connect(ids, inTime)) {
            await().until(() -> fleet.counters().connected() == DEVICES);
            assertThat(callAll(muster, ids, new ConcurrentLinkedQueue<>()))
                    .extracting(RestClient.Answer::status)
                    .containsOnly(200);
        }
    }
}
