package io.muster.planner.work;

/** Is what an operation makes of a device's answer. */
public sealed interface Answer {
    /** Says that the device has done it. */
    record Done(Work.Reply reply) implements Answer {}

    /** Says that the device has tried: it counts as done unless its job has a rule to try again. */
    record ErrorStatus(Work.Reply reply) implements Answer {}

    /** Says that the answer makes no sense. */
    record Invalid(String detail) implements Answer {}
}
