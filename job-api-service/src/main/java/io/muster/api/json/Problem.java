package io.muster.api.json;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.document.Timestamps;
import java.time.Instant;

/**
 * Describes a failed request to its client. Contract: iot-hub, 1.10.
 *
 * @param code the number; begins with the status
 * @param name the error code's name
 */
public record Problem(int status, int code, String name, String message) {
    public static Problem argumentInvalid(String message) {
        return new Problem(400, 400004, "ArgumentInvalid", message);
    }

    public static Problem argumentNull(String message) {
        return new Problem(400, 400005, "ArgumentNull", message);
    }

    public static Problem badFormat(String message) {
        return new Problem(400, 400006, "IotHubFormatError", message);
    }

    public static Problem badVersion() {
        return new Problem(
                400, 400001, "InvalidProtocolVersion", "Give api-version=2021-04-12, or another that is documented.");
    }

    public static Problem unauthorized(String message) {
        return new Problem(401, 401002, "IotHubUnauthorizedAccess", message);
    }

    public static Problem notFound(String message) {
        return new Problem(404, 404000, "NotFound", message);
    }

    public static Problem notSupported(String message) {
        return new Problem(501, 501000, "NotSupported", message);
    }

    public static Problem tooLarge(String message) {
        return new Problem(413, 413001, "MessageTooLarge", message);
    }

    public static Problem tooManyDevices(String message) {
        return new Problem(413, 413002, "TooManyDevices", message);
    }

    public static Problem definedTwice(String deviceId) {
        return new Problem(400, 400011, "DeviceDefinedMultipleTimes", deviceId + " stands in the list more than once.");
    }

    public static Problem serverError() {
        return new Problem(500, 500001, "ServerError", "The request failed inside; the log of the API says why.");
    }

    public static Problem unavailable(String message) {
        return new Problem(503, 503001, "ServiceUnavailable", message);
    }

    public static Problem gatewayTimeout(String message) {
        return new Problem(504, 504101, "GatewayTimeout", message);
    }

    public static Problem throttled(String message) {
        return new Problem(429, 429001, "ThrottlingException", message);
    }

    /** Returns the body that clients of Azure's resource manager read. */
    public ObjectNode ofResourceManager() {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.putObject("error").put("code", name).put("message", message);
        return body;
    }

    /** Returns form A, which clients of the registry, of twins and of jobs read. */
    public ObjectNode formA(String trackingId, Instant now) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("Message", "ErrorCode:" + name + ";" + message);
        body.put("ExceptionMessage", "Tracking ID:" + trackingId + "-TimeStamp:" + Timestamps.text(now));
        return body;
    }

    /** Returns form B, of which clients of methods read the number. */
    public ObjectNode formB(String trackingId, Instant now) {
        ObjectNode inner = JsonNodeFactory.instance.objectNode();
        inner.put("errorCode", code);
        inner.put("trackingId", trackingId);
        inner.put("message", message);
        inner.putObject("info");
        inner.put("timestampUtc", Timestamps.text(now));
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("Message", inner.toString());
        body.put("ExceptionMessage", "");
        return body;
    }
}
