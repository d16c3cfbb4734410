package io.muster.planner.work;

import java.util.HexFormat;
import java.util.Optional;

/**
 * Names an attempt, never the same for another one.
 *
 * @param number names the work: of a job, the same on all of its devices; or of an invocation
 * @param attempt counts its deliveries
 */
public record DeliveryId(String number, int attempt) {
    private static final HexFormat HEX = HexFormat.of();
    private static final char OF_JOB = '1';
    private static final char INVOKED = '2';
    private static final int ATTEMPT_DIGITS = 4;
    private static final int NUMBER_DIGITS = 1 + 16;

    /** Returns the number of a job's work on any device. */
    public static String numberOfJob(long jobNumber) {
        return OF_JOB + HEX.toHexDigits(jobNumber);
    }

    /** Returns the number of an invocation. @param position unique among the invocations of the device */
    public static String numberOfInvocation(long position) {
        return INVOKED + HEX.toHexDigits(position);
    }

    /** Returns whether it numbers the work of a job, and not an invocation. */
    public static boolean isOfJob(String number) {
        return number.charAt(0) == OF_JOB;
    }

    /** Returns the number of the job whose work has that number. */
    public static long jobNumber(String number) {
        return HexFormat.fromHexDigitsToLong(number, 1, NUMBER_DIGITS);
    }

    /** Reads one; empty where it is not the planner's. */
    public static Optional<DeliveryId> parse(String text) {
        boolean isOurs =
                text.length() == NUMBER_DIGITS + ATTEMPT_DIGITS && text.chars().allMatch(HexFormat::isHexDigit);
        return isOurs
                ? Optional.of(new DeliveryId(
                        text.substring(0, NUMBER_DIGITS), HexFormat.fromHexDigits(text, NUMBER_DIGITS, text.length())))
                : Optional.empty();
    }

    /** Returns it as text: hexadecimal digits, those of the number first. */
    public String text() {
        return number + HEX.toHexDigits(attempt, ATTEMPT_DIGITS);
    }
}
