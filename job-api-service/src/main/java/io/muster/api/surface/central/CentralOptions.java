package io.muster.api.surface.central;

/**
 * Holds the limits of an application. Contract: iot-central, 1.1 and 1.5.
 *
 * @param mostGroups how many device groups there may be
 * @param resumeAllowed whether a job that was stopped may go on
 */
public record CentralOptions(int mostGroups, boolean resumeAllowed) {}
