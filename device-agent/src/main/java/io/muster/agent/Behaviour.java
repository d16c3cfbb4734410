package io.muster.agent;

import java.time.Duration;

/**
 * How simulated devices behave.
 *
 * @param shortestAnswer and longestAnswer between which the answer to a method comes, evenly spread
 * @param failureShare of methods that are answered with 500; 0 to 1
 * @param silentShare of methods that are not answered; 0 to 1
 * @param disconnectShare of devices that lose their connection in a second; 0 to 1
 * @param reportsDesired whether a desired change is reported back as reported properties
 * @param seed of all chance
 */
public record Behaviour(
        Duration shortestAnswer,
        Duration longestAnswer,
        double failureShare,
        double silentShare,
        double disconnectShare,
        boolean reportsDesired,
        long seed) {
    /** Answers at once, always well, and stays connected. */
    public static final Behaviour PERFECT = new Behaviour(Duration.ZERO, Duration.ZERO, 0, 0, 0, true, 1);

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
    }
}
