package io.muster.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Shows a newcomer simulated devices, a method job and a twin job over them, written as any client of the REST API would. It tries again
 * what fails, ends with a sentence where that does not help, and never ends what runs.
 */
final class Demonstration {
    private static final Duration CONNECT_LIMIT = Duration.ofMinutes(5);
    private static final Duration POLL = Duration.ofMillis(250);
    private static final Duration PAUSE = Duration.ofSeconds(2);
    private static final int TRIES = 30;
    private static final int AT_ONCE = 64;
    private static final int CONFLICT = 409;
    private static final int JOB_SECONDS = 300;

    private final Standalone standalone;
    private final Screen screen;
    private final List<String> ids;
    private @Nullable RestClient client;
    private boolean failed;

    Demonstration(Standalone standalone, Screen screen) {
        this.standalone = standalone;
        this.screen = screen;
        this.ids = ids(standalone.options().devices());
    }

    private static List<String> ids(int devices) {
        List<String> ids = new ArrayList<>();
        for (int number = 1; number <= devices; number++) {
            ids.add(String.format("sim-%06d", number));
        }
        return ids;
    }

    /** Registers the devices and waits until they are connected. */
    void connect() throws InterruptedException {
        unlessItFails(() -> {
            if (!ids.isEmpty()) {
                register();
                standalone.startAgents();
                awaitConnected();
            }
        });
    }

    /** Runs both jobs over the devices of this start, whatever others an earlier one registered. */
    void run() throws InterruptedException {
        unlessItFails(() -> {
            if (ids.isEmpty()) {
                return;
            }
            String suffix = ProcessHandle.current().pid() + "-" + Integer.toHexString((int) System.nanoTime());
            follow(
                    "reboot-" + suffix,
                    "{\"type\":\"scheduleDeviceMethod\",\"queryCondition\":\"" + own() + "\","
                            + "\"cloudToDeviceMethod\":{\"methodName\":\"reboot\",\"payload\":{\"delay\":5},\"responseTimeoutInSeconds\":30},"
                            + "\"maxExecutionTimeInSeconds\":" + JOB_SECONDS + "}");
            follow(
                    "rate-" + suffix,
                    "{\"type\":\"scheduleUpdateTwin\",\"queryCondition\":\"" + own() + " AND tags.floor IN [1, 2]\","
                            + "\"updateTwin\":{\"etag\":\"*\",\"properties\":{\"desired\":{\"rate\":5}}},"
                            + "\"maxExecutionTimeInSeconds\":" + JOB_SECONDS + "}");
        });
    }

    /**
     * Returns the client of the REST API; the first call makes it.
     *
     * @throws StandaloneException where the policies have none for it; they are their owner's to change
     */
    private RestClient rest() throws StandaloneException, IOException {
        RestClient known = client;
        if (known == null) {
            known = new RestClient(standalone.options().rest(), standalone.caFile(), standalone.policies());
            client = known;
        }
        return known;
    }

    private interface Part {
        void run() throws StandaloneException, IOException, InterruptedException;
    }

    private void unlessItFails(Part part) throws InterruptedException {
        if (failed) {
            return;
        }
        try {
            part.run();
        } catch (StandaloneException | IOException | RuntimeException e) {
            failed = true;
            screen.accept("The demonstration ended early: " + e.getMessage() + " Everything else goes on running.");
        }
    }

    private void register() throws InterruptedException, StandaloneException, IOException {
        screen.accept("Registering " + ids.size() + " simulated devices…");
        List<String> left = ids;
        for (int tries = 1; ; tries++) {
            Map<String, String> refused = registerOnce(left, tries > 1);
            if (refused.isEmpty()) {
                return;
            }
            left = refused.keySet().stream().sorted().toList();
            String problem = left.size() + " devices could not be registered; of " + left.getFirst() + " it was said: "
                    + refused.get(left.getFirst());
            if (tries == TRIES) {
                throw new StandaloneException(problem + ".");
            }
            screen.progress(problem + "; trying again");
            Thread.sleep(PAUSE);
        }
    }

    /**
     * Registers devices with their tags, many at a time.
     *
     * @param again whether an earlier try may have registered them and not got to their tags
     * @return those that were not registered, each with the reason
     */
    private Map<String, String> registerOnce(List<String> some, boolean again)
            throws InterruptedException, StandaloneException, IOException {
        RestClient rest = rest();
        Semaphore atOnce = new Semaphore(AT_ONCE);
        Map<String, CompletableFuture<RestClient.Answer>> answers = new HashMap<>();
        for (String id : some) {
            int number = Integer.parseInt(id.substring(id.length() - 6));
            String tags = "{\"tags\":{\"simulated\":true,\"site\":\"" + (char) ('A' + number % 3) + "\",\"floor\":"
                    + number % 5 + "}}";
            atOnce.acquire();
            answers.put(
                    id,
                    rest.send("PUT", "/devices/" + id, "{\"deviceId\":\"" + id + "\"}")
                            .thenCompose(answer -> answer.status() == 200 || (again && answer.status() == CONFLICT)
                                    ? rest.send("PATCH", "/twins/" + id, tags)
                                    : CompletableFuture.completedFuture(answer))
                            .whenComplete((_, _) -> atOnce.release()));
        }
        Map<String, String> refused = new HashMap<>();
        for (Map.Entry<String, CompletableFuture<RestClient.Answer>> each : answers.entrySet()) {
            try {
                RestClient.Answer answer = each.getValue().get();
                if (answer.status() != 200 && (again || answer.status() != CONFLICT)) {
                    refused.put(each.getKey(), answer.status() + " " + answer.body());
                }
            } catch (ExecutionException e) {
                refused.put(each.getKey(), String.valueOf(e.getCause()));
            }
        }
        return refused;
    }

    /** Returns the condition of the devices of this start. */
    private String own() {
        return "tags.simulated = true AND deviceId <= '" + ids.getLast() + "'";
    }

    private void awaitConnected() throws InterruptedException, StandaloneException, IOException {
        String query = "{\"query\":\"SELECT COUNT() AS connected FROM devices WHERE " + own()
                + " AND connectionState = 'Connected'\"}";
        long deadline = System.nanoTime() + CONNECT_LIMIT.toNanos();
        int connected = 0;
        while (connected < ids.size() && System.nanoTime() < deadline) {
            connected = answered("POST", "/devices/query", query)
                    .path(0)
                    .path("connected")
                    .asInt();
            screen.progress(connected + " of " + ids.size() + " devices are connected");
            Thread.sleep(POLL);
        }
        screen.settle();
        if (connected < ids.size()) {
            throw new StandaloneException("Only " + connected + " of " + ids.size() + " devices are connected after "
                    + CONNECT_LIMIT.toSeconds() + " seconds; " + standalone.log("agents") + " counts why.");
        }
    }

    private void follow(String jobId, String body) throws InterruptedException, StandaloneException, IOException {
        JsonNode job = answered("PUT", "/jobs/v2/" + jobId, body);
        while (List.of("queued", "scheduled", "running")
                .contains(job.path("status").asText())) {
            Thread.sleep(POLL);
            job = answered("GET", "/jobs/v2/" + jobId, null);
            screen.progress(line(job));
        }
        screen.settle();
    }

    /** Asks again until there is an answer: one that was lost may have created the job, which then is there. */
    private JsonNode answered(String method, String path, @Nullable String body)
            throws InterruptedException, StandaloneException, IOException {
        for (int tries = 1; ; tries++) {
            StandaloneException problem;
            try {
                RestClient.Answer answer = rest().call(method, path, body);
                if (answer.status() == CONFLICT) {
                    answer = rest().call("GET", path, null);
                }
                if (answer.status() == 200) {
                    return answer.body();
                }
                problem = new StandaloneException("The API answered " + answer.status() + " to " + method + " " + path
                        + ": " + answer.body() + ".");
            } catch (StandaloneException e) {
                problem = e;
            }
            if (tries == TRIES) {
                throw problem;
            }
            Thread.sleep(PAUSE);
        }
    }

    private static String line(JsonNode job) {
        JsonNode counts = job.path("deviceJobStatistics");
        return String.format(
                "%-28s %-10s devices %d: %d succeeded, %d failed, %d running, %d pending",
                job.path("jobId").asText(),
                job.path("status").asText(),
                counts.path("deviceCount").asLong(),
                counts.path("succeededCount").asLong(),
                counts.path("failedCount").asLong(),
                counts.path("runningCount").asLong(),
                counts.path("pendingCount").asLong());
    }
}
