package io.muster.api.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.muster.api.json.Problem;
import java.time.Instant;
import java.util.UUID;

/** Answers as IoT Hub's clients need them: the JSON content type is compulsory. Contract: iot-hub, 1.0 and 1.10. */
final class Answers {
    static final String JSON = "application/json; charset=utf-8";

    private Answers() {}

    static MutableHttpResponse<String> ok(JsonNode body) {
        return HttpResponse.ok(body.toString()).header("Content-Type", JSON);
    }

    static MutableHttpResponse<String> noContent() {
        return HttpResponse.status(HttpStatus.NO_CONTENT);
    }

    /** In the form of Azure's resource manager. */
    static MutableHttpResponse<String> problem(Problem problem) {
        return HttpResponse.<String>status(problem.status(), problem.name())
                .body(problem.ofResourceManager().toString())
                .header("Content-Type", JSON);
    }

    static MutableHttpResponse<String> problem(Problem problem, boolean methodForm, Instant now) {
        String trackingId = UUID.randomUUID().toString().replace("-", "");
        JsonNode body = methodForm ? problem.formB(trackingId, now) : problem.formA(trackingId, now);
        return HttpResponse.<String>status(problem.status(), problem.name())
                .body(body.toString())
                .header("Content-Type", JSON)
                .header("iothub-errorcode", problem.name());
    }
}
