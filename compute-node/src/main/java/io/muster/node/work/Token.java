package io.muster.node.work;

/** Names an attempt of a task. No other attempt of the task has that placement. */
public record Token(String taskId, long placement) {}
