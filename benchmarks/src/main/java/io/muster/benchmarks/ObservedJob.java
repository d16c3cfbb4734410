package io.muster.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.standalone.RestClient;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Asks for a job of a run, and keeps the answers. Asks again until it is answered, as clients do. */
final class ObservedJob {
    private static final Set<String> FINAL = Set.of("completed", "failed", "cancelled");
    /** Names the desired property that a twin job sets to its id. */
    static final String PATCHED = "run";
    /** Bounds the time that a device has to answer. */
    static final Duration RESPONSE_LIMIT = Duration.ofSeconds(10);

    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final int CONFLICT = 409;

    private final RestClient rest;
    private final String id;
    private final boolean method;
    private final int targets;
    private Optional<Instant> cancelAcknowledged = Optional.empty();

    /** Names a job that is to be asked for. @param targets how many devices its condition selects: those whose tag {@code place} is below */
    ObservedJob(RestClient rest, String id, boolean method, int targets) {
        this.rest = rest;
        this.id = id;
        this.method = method;
        this.targets = targets;
    }

    String id() {
        return id;
    }

    boolean isMethod() {
        return method;
    }

    int targets() {
        return targets;
    }

    /** Returns when the client knew that the job was cancelled. */
    Optional<Instant> cancelAcknowledged() {
        return cancelAcknowledged;
    }

    /** Returns when it is acknowledged. That the id is taken is an answer too: to a request whose answer was lost. */
    void create(Instant deadline) throws InterruptedException {
        String operation = method
                ? "\"type\":\"scheduleDeviceMethod\",\"cloudToDeviceMethod\":{\"methodName\":\"" + id
                        + "\",\"payload\":1,\"responseTimeoutInSeconds\":" + RESPONSE_LIMIT.toSeconds() + "}"
                : "\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"etag\":\"*\",\"properties\":{\"desired\":{\""
                        + PATCHED + "\":\"" + id + "\"}}}";
        String body = "{" + operation + ",\"queryCondition\":\"tags.place < " + targets
                + "\",\"maxExecutionTimeInSeconds\":60}";
        ask("PUT", "/jobs/v2/" + id, body, deadline, answer -> answer.status() == 200 || answer.status() == CONFLICT);
    }

    /** Returns when it is acknowledged, or there was nothing left to cancel. */
    void cancel(Instant deadline) throws InterruptedException {
        RestClient.Answer answer = ask(
                "POST",
                "/jobs/v2/" + id + "/cancel",
                null,
                deadline,
                given -> given.status() == 200 || given.status() == 400 || given.status() == CONFLICT);
        if (answer.status() == 200) {
            cancelAcknowledged = Optional.of(Instant.now());
        }
    }

    /** Waits until it is over. */
    void end(Instant deadline) throws InterruptedException {
        ask(
                "GET",
                "/jobs/v2/" + id,
                null,
                deadline,
                answer -> answer.status() == 200
                        && FINAL.contains(answer.body().path("status").asText()));
    }

    /** Returns the job as REST shows it now: an API that ends or begins is asked again. */
    JsonNode now(Instant deadline) throws InterruptedException {
        return ask("GET", "/jobs/v2/" + id, null, deadline, answer -> answer.status() == 200)
                .body();
    }

    private interface Good {
        boolean test(RestClient.Answer answer);
    }

    private RestClient.Answer ask(String verb, String path, @Nullable String body, Instant deadline, Good good)
            throws InterruptedException {
        String last = "no answer";
        while (Instant.now().isBefore(deadline)) {
            try {
                RestClient.Answer answer = rest.send(verb, path, body).join();
                if (good.test(answer)) {
                    return answer;
                }
                last = answer.status() + " " + answer.body();
            } catch (java.util.concurrent.CompletionException e) {
                last = String.valueOf(e.getCause());
            }
            Thread.sleep(PAUSE);
        }
        throw new AuditException(verb + " " + path + " was not answered well in time: " + last);
    }

    @Override
    public String toString() {
        return (method ? "method " : "twin ") + targets + (cancelAcknowledged.isPresent() ? " cancelled" : "");
    }
}
