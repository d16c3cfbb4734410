package io.muster.device;

/** Carries orders of a pool. @param body JSON: a list of orders */
public record TaskOrders(String poolId, byte[] body) {}
