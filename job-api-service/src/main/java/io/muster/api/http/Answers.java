package io.muster.api.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.muster.api.json.Problem;
import io.muster.api.surface.Surface;
import java.util.Optional;

/** Makes answers: clients of IoT Hub need the JSON content type. Contract: iot-hub, 1.0. */
public final class Answers {
    private static final String CODE = "io.muster.code";

    private static final String JSON = Surface.JSON;

    private Answers() {}

    public static MutableHttpResponse<String> ok(JsonNode body) {
        return HttpResponse.ok(body.toString()).header("Content-Type", JSON);
    }

    public static MutableHttpResponse<String> noContent() {
        return HttpResponse.status(HttpStatus.NO_CONTENT);
    }

    /** Refuses, in the form of a surface. */
    static MutableHttpResponse<String> problem(Problem problem, Surface.Envelope envelope) {
        MutableHttpResponse<String> answer = HttpResponse.<String>status(problem.status(), problem.name())
                .body(envelope.body())
                .header("Content-Type", envelope.contentType());
        envelope.headers().forEach(answer::header);
        answer.setAttribute(CODE, problem.name());
        return answer;
    }

    /** Returns the error code of an answer that refuses. */
    static Optional<String> code(HttpResponse<?> answer) {
        return answer.getAttribute(CODE, String.class);
    }
}
