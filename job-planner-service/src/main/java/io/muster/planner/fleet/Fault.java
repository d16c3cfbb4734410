package io.muster.planner.fleet;

/**
 * Says why a request can't be taken, whatever aggregate is asked: each refuses it by a reason of its own.
 *
 * @param sentence one sentence, for people
 */
public record Fault(Kind kind, String sentence) {
    /** Sorts faults by the request's part. */
    public enum Kind {
        /** A part has a value that it can't have. */
        INVALID,
        /** A part is missing. */
        INCOMPLETE,
        /** The request, or a part of it, is larger than it may be. */
        TOO_LARGE
    }

    /** Finds fault with a value. */
    public static Fault invalid(String sentence) {
        return new Fault(Kind.INVALID, sentence);
    }

    /** Misses a part. */
    public static Fault incomplete(String sentence) {
        return new Fault(Kind.INCOMPLETE, sentence);
    }

    /** Finds fault with a size. */
    public static Fault tooLarge(String sentence) {
        return new Fault(Kind.TOO_LARGE, sentence);
    }
}
