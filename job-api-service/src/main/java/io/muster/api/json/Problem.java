package io.muster.api.json;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.document.Timestamps;
import io.muster.records.Refusal;
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

    public static Problem of(Refusal refusal) {
        String message = refusal.getMessage();
        return switch (refusal.getReason()) {
            case JOB_ALREADY_EXISTS -> new Problem(409, 409104, "JobAlreadyExists", message);
            case JOB_NOT_FOUND -> new Problem(404, 404002, "JobNotFound", message);
            case JOB_NOT_ACTIVE, JOB_RUNNING -> new Problem(405, 405102, "OperationNotAllowedInCurrentState", message);
            case TOO_MANY_ACTIVE_JOBS -> new Problem(429, 429004, "ThrottlingMaxActiveJobCountExceeded", message);
            case DEVICE_ALREADY_EXISTS -> new Problem(409, 409001, "DeviceAlreadyExists", message);
            case DEVICE_NOT_FOUND -> new Problem(404, 404001, "DeviceNotFound", message);
            case DEVICE_DISABLED -> new Problem(403, 403012, "DeviceDisabled", message);
            case PRECONDITION_FAILED -> new Problem(412, 412001, "PreconditionFailed", message);
            case ARGUMENT_INVALID -> argumentInvalid(message);
            case ARGUMENT_NULL -> argumentNull(message);
            case TOO_LARGE -> tooLarge(message);
            case DEVICE_NOT_CONNECTED -> new Problem(404, 404103, "DeviceNotOnline", message);
            case NO_ANSWER -> gatewayTimeout(message);
            case INVALID_ANSWER -> new Problem(502, 502001, "InvalidResponseWhileProxying", message);
            case TOO_MANY_METHODS_IN_FLIGHT -> new Problem(403, 403800, "DeviceMaximumInflightMethodExceeded", message);
            case MODULE_ALREADY_EXISTS -> new Problem(409, 409301, "ModuleAlreadyExistsOnDevice", message);
            case MODULE_NOT_FOUND -> new Problem(404, 404010, "ModuleNotFound", message);
            case QUEUE_FULL -> new Problem(403, 403004, "DeviceMaximumQueueDepthExceeded", message);
            case THROTTLED -> throttled(message);
            case UNKNOWN -> serverError();
        };
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
