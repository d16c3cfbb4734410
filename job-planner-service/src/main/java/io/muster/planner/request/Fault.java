package io.muster.planner.request;

/**
 * Says why a request can't be taken, whatever aggregate is asked: each refuses it by a reason of its own.
 *
 * @param sentence one sentence, for people
 */
public record Fault(Kind kind, String sentence) {
    /** Sorts faults by the request's part. */
    public enum Kind {
        /** Says that a part has a value that it can't have. */
        INVALID,
        /** Says that a part is missing. */
        INCOMPLETE,
        /** Says that the request, or a part of it, is larger than it may be. */
        TOO_LARGE
    }

    /** Returns that a value can't be taken. */
    public static Fault invalid(String sentence) {
        return new Fault(Kind.INVALID, sentence);
    }

    /** Returns that a part is missing. */
    public static Fault incomplete(String sentence) {
        return new Fault(Kind.INCOMPLETE, sentence);
    }

    /** Returns that something is too large. */
    public static Fault tooLarge(String sentence) {
        return new Fault(Kind.TOO_LARGE, sentence);
    }
}
