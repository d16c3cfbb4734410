package io.muster.planner.pool;

import java.util.OptionalInt;

/**
 * Says how the tasks of a group are placed: those of one owner.
 *
 * @param priority of its tasks, whatever they say themselves; empty for theirs
 * @param most how many of them are placed at once; -1 for no limit
 * @param suspension whether they are placed at all
 * @param number by which the owner tells which of its rules it hears of
 */
public record GroupRule(OptionalInt priority, int most, Suspension suspension, long number) {
    /** Is the rule of a group of which nothing was said. */
    public static final GroupRule NONE = new GroupRule(OptionalInt.empty(), -1, Suspension.NONE, 0);

    /** Says whether the tasks of a group are placed. */
    public enum Suspension {
        /** Means that they are. */
        NONE,
        /** Means that they are not; those that are go on. */
        SUSPENDED,
        /** Means that they are not; those that are stop, and wait again. */
        EMPTIED,
        /** Means that they are not; those that are stop, and end. */
        ENDED
    }

    /** Makes one. */
    public GroupRule {
        if (most < -1 || most == 0) {
            throw new IllegalArgumentException("not a rule: most=" + most);
        }
    }

    /** Returns whether it says nothing, but for its number. */
    boolean isNone() {
        return priority.isEmpty() && most < 0 && suspension == Suspension.NONE;
    }

    boolean allows(int placed) {
        return suspension == Suspension.NONE && (most < 0 || placed < most);
    }
}
