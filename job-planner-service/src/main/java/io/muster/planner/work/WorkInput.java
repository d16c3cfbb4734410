package io.muster.planner.work;

import java.util.Optional;

/** Is what the decider is asked about a device's work. */
public sealed interface WorkInput {
    /** The device is a target, and has to wait for its turn. */
    record Enlist() implements WorkInput {}

    /** Its turn has come. @param link to the device, where it takes the operation now */
    record Begin(Optional<Link> link) implements WorkInput {}

    /** Its turn had come, and the operation was tried on the device's document. @param failure empty where it was done */
    record Apply(Optional<Work.Outcome.Failed> failure) implements WorkInput {}

    /** The device takes the operation now. */
    record DeviceReady(Link link) implements WorkInput {}

    /** The device has answered an attempt. */
    record Answered(int attempt, Answer answer) implements WorkInput {}

    /**
     * The attempt never left the gateway: another one repeats nothing.
     *
     * @param expired it was read too late, and the connection still stands
     * @param reconnected the device has connected anew since
     */
    record Undelivered(int attempt, boolean expired, boolean reconnected) implements WorkInput {}

    /** The device had its time to answer the attempt, by the clock of its gateway. */
    record Unanswered(int attempt) implements WorkInput {}

    /** Its time has come. @param awaited the gateway that has the attempt will report its end still */
    record Due(boolean awaited) implements WorkInput {}

    /** Its job was cancelled. */
    record Cancel() implements WorkInput {}

    /** The time of its job is over. */
    record Expire() implements WorkInput {}

    /** The device is there no more. */
    record RemoveDevice() implements WorkInput {}
}
