package io.muster.planner.work;

/**
 * Names the connection over which a device is reached.
 *
 * @param gateway its ordinal
 * @param run of that gateway
 * @param epoch of the connection: a later one is larger
 */
public record Link(int gateway, String run, long epoch) {}
