package io.muster.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a newcomer sees: simulated devices, a method job and a twin job over them, written as any client of the REST API would. */
final class Demonstration {
    private static final Pattern CONNECTIONS = Pattern.compile("(?m)^muster_gateway_connections\\{[^}]*} (\\S+)$");
    private static final Duration CONNECT_LIMIT = Duration.ofMinutes(5);
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final int AT_ONCE = 64;
    private static final int CONFLICT = 409;

    private final Standalone standalone;
    private final RestClient rest;
    private final Consumer<String> say;

    Demonstration(Standalone standalone, Consumer<String> say) throws StandaloneException, IOException {
        this.standalone = standalone;
        this.rest = new RestClient(standalone.options().rest(), standalone.caFile(), standalone.policies());
        this.say = say;
    }

    void run() throws StandaloneException, InterruptedException, IOException {
        int devices = standalone.options().devices();
        register(devices);
        standalone.startAgents();
        awaitConnected(devices);
        String suffix =
                Long.toString(ProcessHandle.current().pid()) + "-" + Integer.toHexString((int) System.nanoTime());
        follow(
                "reboot-" + suffix,
                "{\"type\":\"scheduleDeviceMethod\",\"queryCondition\":\"tags.simulated = true\","
                        + "\"cloudToDeviceMethod\":{\"methodName\":\"reboot\",\"payload\":{\"delay\":5},\"responseTimeoutInSeconds\":30}}");
        follow(
                "rate-" + suffix,
                "{\"type\":\"scheduleUpdateTwin\",\"queryCondition\":\"tags.simulated = true AND tags.floor IN [1, 2]\","
                        + "\"updateTwin\":{\"etag\":\"*\",\"properties\":{\"desired\":{\"rate\":5}}}}");
    }

    private void register(int devices) throws InterruptedException, StandaloneException {
        say.accept("Registering " + devices + " simulated devices…");
        Semaphore atOnce = new Semaphore(AT_ONCE);
        AtomicInteger failed = new AtomicInteger();
        AtomicReference<String> why = new AtomicReference<>("");
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (int i = 1; i <= devices; i++) {
            String id = "sim-" + String.format("%06d", i);
            String tags =
                    "{\"tags\":{\"simulated\":true,\"site\":\"" + (char) ('A' + i % 3) + "\",\"floor\":" + i % 5 + "}}";
            atOnce.acquire();
            all.add(rest.send("PUT", "/devices/" + id, "{\"deviceId\":\"" + id + "\"}")
                    .thenCompose(answer -> answer.status() == CONFLICT
                            ? CompletableFuture.completedFuture(answer)
                            : rest.send("PATCH", "/twins/" + id, tags))
                    .whenComplete((answer, error) -> {
                        atOnce.release();
                        if (error != null || (answer.status() != 200 && answer.status() != CONFLICT)) {
                            failed.incrementAndGet();
                            why.set(error != null ? error.toString() : answer.status() + " " + answer.body());
                        }
                    }));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                .exceptionally(_ -> null)
                .join();
        if (failed.get() > 0) {
            throw new StandaloneException(
                    failed.get() + " devices could not be registered; the last reason: " + why.get());
        }
    }

    private void awaitConnected(int devices) throws InterruptedException, StandaloneException, IOException {
        HttpClient http = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(URI.create(standalone.operations("gateway") + "/metrics"))
                .build();
        long deadline = System.nanoTime() + CONNECT_LIMIT.toNanos();
        int connected = 0;
        while (connected < devices && System.nanoTime() < deadline) {
            Matcher line = CONNECTIONS.matcher(
                    http.send(request, HttpResponse.BodyHandlers.ofString()).body());
            connected = line.find() ? (int) Double.parseDouble(line.group(1)) : 0;
            say.accept("\r" + connected + " of " + devices + " devices are connected");
            Thread.sleep(LOOK);
        }
        say.accept("");
    }

    private void follow(String jobId, String body) throws InterruptedException, StandaloneException {
        JsonNode job = require(rest.send("PUT", "/jobs/v2/" + jobId, body).join());
        while (List.of("queued", "scheduled", "running")
                .contains(job.path("status").asText())) {
            Thread.sleep(LOOK);
            job = require(rest.send("GET", "/jobs/v2/" + jobId, null).join());
            say.accept("\r" + line(job));
        }
        say.accept("");
    }

    private static JsonNode require(RestClient.Answer answer) throws StandaloneException {
        if (answer.status() != 200) {
            throw new StandaloneException("The API answered " + answer.status() + ": " + answer.body());
        }
        return answer.body();
    }

    private static String line(JsonNode job) {
        JsonNode counts = job.path("deviceJobStatistics");
        return String.format(
                "%-28s %-10s devices %d: %d succeeded, %d failed, %d running, %d pending   ",
                job.path("jobId").asText(),
                job.path("status").asText(),
                counts.path("deviceCount").asLong(),
                counts.path("succeededCount").asLong(),
                counts.path("failedCount").asLong(),
                counts.path("runningCount").asLong(),
                counts.path("pendingCount").asLong());
    }
}
