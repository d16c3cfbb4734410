package io.muster.api.json;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.document.Timestamps;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Describes a failed request to its client. A surface whose clients know other names than those of here says so by {@code Surface.named}.
 *
 * @param name the error's code, as clients compare it
 * @param message one sentence or more, for people
 * @param details parts of the request that it is about, where a surface's clients read them one by one
 */
public record Problem(int status, String name, String message, List<Detail> details) {
    public Problem {
        details = List.copyOf(details);
    }

    /** Makes one without details. */
    public Problem(int status, String name, String message) {
        this(status, name, message, List.of());
    }

    /** Names a part of a request, such as a member and its value. */
    public record Detail(String key, String value) {}

    /** Returns the same with one more detail. */
    public Problem with(String key, String value) {
        List<Detail> more = new ArrayList<>(details);
        more.add(new Detail(key, value));
        return new Problem(status, name, message, more);
    }

    public static Problem argumentInvalid(String message) {
        return new Problem(400, "ArgumentInvalid", message);
    }

    public static Problem argumentNull(String message) {
        return new Problem(400, "ArgumentNull", message);
    }

    public static Problem badFormat(String message) {
        return new Problem(400, "BadFormat", message);
    }

    public static Problem unauthorized(String message) {
        return new Problem(401, "Unauthorized", message);
    }

    public static Problem notFound(String message) {
        return new Problem(404, "NotFound", message);
    }

    public static Problem notSupported(String message) {
        return new Problem(501, "NotSupported", message);
    }

    public static Problem tooLarge(String message) {
        return new Problem(413, "MessageTooLarge", message);
    }

    public static Problem serverError() {
        return new Problem(500, "ServerError", "The request failed inside; the log of the API says why.");
    }

    public static Problem unavailable(String message) {
        return new Problem(503, "ServiceUnavailable", message);
    }

    public static Problem gatewayTimeout(String message) {
        return new Problem(504, "GatewayTimeout", message);
    }

    public static Problem throttled(String message) {
        return new Problem(429, "ThrottlingException", message);
    }

    /** Returns the body that clients of Azure's resource manager read. */
    public ObjectNode ofResourceManager() {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.putObject("error").put("code", name).put("message", message);
        return body;
    }

    /** Returns the body of the hub and of the addresses that are our own. Contract: iot-hub, 1.10, form A. */
    public ObjectNode ofHub(String trackingId, Instant now) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("Message", "ErrorCode:" + name + ";" + message);
        body.put("ExceptionMessage", "Tracking ID:" + trackingId + "-TimeStamp:" + Timestamps.text(now));
        return body;
    }
}
