package io.muster.node.work;

/** Names an attempt among those of all pools. */
public record AttemptKey(String poolId, Token token) {}
