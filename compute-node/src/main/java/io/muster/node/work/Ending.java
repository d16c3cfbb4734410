package io.muster.node.work;

/**
 * Tells how an attempt ended on this node.
 *
 * @param code of the program's first process; 128 and the signal's number where one ended it
 * @param detail a sentence, or nothing; at most {@value #LONGEST_DETAIL} characters are kept
 */
public record Ending(int code, Cause cause, String detail) {
    /** Bounds a detail. */
    public static final int LONGEST_DETAIL = 1000;

    private static final int NO_PROGRAM = 127;
    private static final int KILLED = 137;
    private static final int TERMINATED = 143;

    /** Names the cause of an end, as the pool does. */
    public enum Cause {
        /** Means that the program ended. */
        ITSELF,
        /** Means that it ran for longer than it may. */
        WALL_CLOCK,
        /** Means that it was idle for longer than it may be. */
        IDLE,
        /** Means that the pool ordered it. */
        STOPPED,
        /** Means that the node lost its lease, or was started anew. */
        FENCED,
        /** Means that it was never started. */
        NOT_STARTED,
        /** Means that it was never started, since it waited for a slot in vain, was stopped before, or the node is full or ends: others may run it. */
        RETURNED
    }

    /** Makes one with a detail that is short enough and can be printed: names that users chose may stand in it. */
    public Ending {
        if (detail.length() > LONGEST_DETAIL) {
            boolean halved = Character.isHighSurrogate(detail.charAt(LONGEST_DETAIL - 1));
            detail = detail.substring(0, halved ? LONGEST_DETAIL - 1 : LONGEST_DETAIL);
        }
        detail = detail.replaceAll("\\p{Cntrl}", "?");
    }

    /** Returns the end of what could not be started. @param detail says why */
    public static Ending notStarted(String detail) {
        return new Ending(NO_PROGRAM, Cause.NOT_STARTED, detail);
    }

    /** Returns the end of what was never started, for no reason of its own. */
    public static Ending returned() {
        return new Ending(NO_PROGRAM, Cause.RETURNED, "");
    }

    static Ending stoppedBeforeItsStart() {
        return new Ending(TERMINATED, Cause.STOPPED, "It was stopped before its program was started.");
    }

    /** Returns the end of what an earlier run of the node had started, or was about to start. */
    public static Ending ofEarlierRun() {
        return new Ending(KILLED, Cause.FENCED, "The node was started anew.");
    }

    Ending fenced() {
        return new Ending(code, Cause.FENCED, detail);
    }
}
