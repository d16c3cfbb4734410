package io.muster.planner.work;

/** Is what an operation makes of a device's answer. */
public sealed interface Answer {
    /** The device has done it. */
    record Done(Work.Reply reply) implements Answer {}

    /** The device has tried: it counts as done unless its job has a rule to try again. */
    record ErrorStatus(Work.Reply reply) implements Answer {}

    /** The answer makes no sense. */
    record Invalid(String detail) implements Answer {}
}
