package io.muster.device;

/**
 * Carries a call of a method.
 *
 * @param id of the request: the same where it comes again
 * @param payload JSON
 */
public record MethodCall(String method, String id, byte[] payload) {}
