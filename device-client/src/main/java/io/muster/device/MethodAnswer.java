package io.muster.device;

import java.nio.charset.StandardCharsets;

/** Answers a call of a method. @param payload JSON, or nothing */
public record MethodAnswer(int status, byte[] payload) {
    private static final int OK = 200;
    private static final int FAILED = 500;
    private static final int NOT_IMPLEMENTED = 501;

    public static MethodAnswer ok(byte[] payload) {
        return new MethodAnswer(OK, payload);
    }

    /** Returns the answer to a call that failed. @param payload for the caller */
    public static MethodAnswer failed(byte[] payload) {
        return new MethodAnswer(FAILED, payload);
    }

    /** Returns the answer to a call of a method that the device does not have: its caller needn't wait for the time to run out. */
    static MethodAnswer notImplemented(String method) {
        return new MethodAnswer(NOT_IMPLEMENTED, message("The device has no method " + method + "."));
    }

    static byte[] message(String text) {
        String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"");
        return ("{\"message\":\"" + escaped + "\"}").getBytes(StandardCharsets.UTF_8);
    }
}
