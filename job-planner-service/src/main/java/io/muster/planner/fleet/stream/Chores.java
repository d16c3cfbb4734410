package io.muster.planner.fleet.stream;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/** Chores under way, which take turns: the one that was interrupted goes behind the others. For one task. */
final class Chores {
    private final Deque<Chore> underWay = new ArrayDeque<>();

    /** Does a first step at once; what is left is done between polls. */
    void begin(Chore chore, Instant now) {
        if (!chore.goOn(new Budget(Budget.TICK), now)) {
            underWay.add(chore);
        }
    }

    /** Adds one whose first step comes with the next tick. */
    void add(Chore chore) {
        underWay.add(chore);
    }

    /** Goes on with each in turn until the budget is spent. */
    void goOn(Budget budget, Instant now) {
        for (int turns = underWay.size(); turns > 0 && !budget.isSpent(); turns--) {
            Chore next = underWay.remove();
            if (!next.goOn(budget, now)) {
                underWay.add(next);
            }
        }
    }
}
