package io.muster.planner.pool;

/** Names an attempt on all its nodes. @param placement a number that no other attempt of the task has */
public record Token(String taskId, long placement) {}
