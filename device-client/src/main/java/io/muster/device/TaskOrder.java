package io.muster.device;

/** Carries an order of a pool. @param name of the order @param body JSON */
public record TaskOrder(String name, byte[] body) {}
