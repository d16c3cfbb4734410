package io.muster.document;

import io.muster.records.FailureReason;

/** Names reasons of failures as documents of device jobs do. Contract: iot-hub, 1.10 and 2.4. */
public final class FailureCodes {
    private FailureCodes() {}

    /** Returns the code by which IoT Hub's clients know the reason. */
    public static String of(FailureReason reason) {
        return switch (reason) {
            case NOT_CONNECTED -> "DeviceNotOnline";
            case NO_ANSWER -> "GatewayTimeout";
            case OUT_OF_TIME -> "MaxExecutionTimeExceeded";
            case INVALID_ANSWER -> "InvalidResponse";
            case DEVICE_REMOVED -> "DeviceNotFound";
            case PRECONDITION_FAILED -> "PreconditionFailed";
            case TOO_LARGE -> "MessageTooLarge";
            case UNUSABLE_TWIN -> "ServerError";
            case REFUSED_BY_DEVICE -> "DeviceRefused";
        };
    }
}
