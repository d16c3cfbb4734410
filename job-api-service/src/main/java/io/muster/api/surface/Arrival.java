package io.muster.api.surface;

/**
 * Holds the parts of a request by which its surface is found, before its route is.
 *
 * @param host of the header Host, in lower case and without the port; empty where it is missing
 * @param path in normal form, see {@code RequestRules}, as the client spelled it
 * @param authorization of the header Authorization; empty where it is missing
 */
public record Arrival(String host, String path, String authorization) {}
