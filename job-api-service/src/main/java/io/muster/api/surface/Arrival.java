package io.muster.api.surface;

/**
 * Holds the parts of a request by which its surface is found, before its route is.
 *
 * @param host of the header Host, in lower case and without the port; empty where it is missing
 * @param path in normal form, see {@code RequestRules}, as the client spelled it
 * @param authorization of the header Authorization; empty where it is missing
 */
public record Arrival(String host, String path, String authorization) {
    /** Names the header in which a request's path stands as its client sent it, where its surface led it to another: signatures are made of it. No client's own is read. */
    public static final String SENT = "muster-sent-path";
}
