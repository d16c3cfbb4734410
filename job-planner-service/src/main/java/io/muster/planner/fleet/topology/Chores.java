package io.muster.planner.fleet.topology;

import io.muster.service.RecordFailure;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs chores in turns: one that was interrupted goes behind the others. One that fails for the data it works on ends,
 * and the others go on. For one task.
 */
final class Chores {
    private static final Logger LOG = LoggerFactory.getLogger(Chores.class);

    private final Deque<Chore> underWay = new ArrayDeque<>();

    /** Runs a chore for a first budget at once, and goes on with later ticks. */
    void begin(Chore chore, Instant now) {
        if (!goOn(chore, new Budget(Budget.TICK), now)) {
            underWay.add(chore);
        }
    }

    /** Adds one whose first turn comes with the next tick. */
    void add(Chore chore) {
        underWay.add(chore);
    }

    /** Goes on with each in turn until the budget is spent. */
    void goOn(Budget budget, Instant now) {
        for (int turns = underWay.size(); turns > 0 && !budget.isSpent(); turns--) {
            Chore next = underWay.remove();
            if (!goOn(next, budget, now)) {
                underWay.add(next);
            }
        }
    }

    /**
     * Goes on with a chore, and ends one whose data make it fail.
     *
     * @return whether the chore has ended
     * @throws RuntimeException where the broker, the registry or the state is to blame
     */
    private static boolean goOn(Chore chore, Budget budget, Instant now) {
        try {
            return chore.goOn(budget, now);
        } catch (RuntimeException e) {
            if (!RecordFailure.isOfRecord(e)) {
                throw e;
            }
            LOG.error("Work over the devices of a partition failed and has ended, work={}", chore, e);
            chore.failed(now);
            return true;
        }
    }
}
