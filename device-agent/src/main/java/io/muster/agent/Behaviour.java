package io.muster.agent;

import java.time.Duration;

/**
 * Describes how simulated devices behave.
 *
 * @param shortestAnswer and longestAnswer between which the answer to a method comes, evenly spread
 * @param failureShare of methods that are answered with 500; 0 to 1
 * @param silentShare of methods that are not answered; 0 to 1
 * @param disconnectShare of devices that lose their connection in a second; 0 to 1
 * @param reportsDesired whether desired properties are reported back, those found when it connects and each change
 * @param telemetryEvery between two messages of a device; zero for none
 * @param seed of all chance
 */
public record Behaviour(
        Duration shortestAnswer,
        Duration longestAnswer,
        double failureShare,
        double silentShare,
        double disconnectShare,
        boolean reportsDesired,
        Duration telemetryEvery,
        long seed) {
    /** Answers at once, always well, stays connected, and says nothing by itself. */
    public static final Behaviour PERFECT =
            new Behaviour(Duration.ZERO, Duration.ZERO, 0, 0, 0, true, Duration.ZERO, 1);

    public Behaviour {
        if (shortestAnswer.isNegative() || longestAnswer.compareTo(shortestAnswer) < 0) {
            throw new IllegalArgumentException("an answer takes from the shortest to the longest time, shortest="
                    + shortestAnswer + " longest=" + longestAnswer);
        }
        for (double share : new double[] {failureShare, silentShare, disconnectShare}) {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("a share is 0 to 1, share=" + share);
            }
        }
        if (telemetryEvery.isNegative()) {
            throw new IllegalArgumentException("telemetry comes every so often, telemetryEvery=" + telemetryEvery);
        }
    }

    /** Answers everything, but slowly: within times evenly spread between two. */
    public static Behaviour answeringWithin(Duration shortest, Duration longest, long seed) {
        return new Behaviour(shortest, longest, 0, 0, 0, false, Duration.ZERO, seed);
    }
}
