package io.muster.planner.work;

import java.util.Optional;

/** Is what the decider is asked about a device's work. */
public sealed interface WorkInput {
    /** Enlists a target, which has to wait for its turn. */
    record Enlist() implements WorkInput {}

    /** Begins the work, whose turn has come. @param link to the device, where it takes the operation now */
    record Begin(Optional<Link> link) implements WorkInput {}

    /** Ends the work, whose operation was tried on the device's document. @param failure empty where it was done */
    record Apply(Optional<Work.Outcome.Failed> failure) implements WorkInput {}

    /** Says that the device takes the operation now. */
    record DeviceReady(Link link) implements WorkInput {}

    /** Says that the device has answered an attempt. */
    record Answered(int attempt, Answer answer) implements WorkInput {}

    /**
     * Says that the attempt never left the gateway: another one repeats nothing.
     *
     * @param expired it was read too late, and the connection still stands
     * @param reconnected the device has connected anew since
     */
    record Undelivered(int attempt, boolean expired, boolean reconnected) implements WorkInput {}

    /** Says that the device had its time to answer the attempt, by the clock of its gateway. */
    record Unanswered(int attempt) implements WorkInput {}

    /** Says that the work's time has come. @param awaited the gateway that has the attempt will report its end still */
    record Due(boolean awaited) implements WorkInput {}

    /** Cancels the work with its job. */
    record Cancel() implements WorkInput {}

    /** Ends the work, since the time of its job is over. */
    record Expire() implements WorkInput {}

    /** Ends the work of a device that was removed. */
    record RemoveDevice() implements WorkInput {}
}
