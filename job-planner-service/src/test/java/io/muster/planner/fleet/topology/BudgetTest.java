package io.muster.planner.fleet.topology;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BudgetTest {
    /** Spends a budget to its end: work takes an unspent rest for budget that is left, and entries stayed behind where the rest paid for a part of the next. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 7, 8, 9, 20, 39, 40, 10_000})
    void isSpentByAllThatItAffordsAndByNothingLess(int rest) {
        for (int cost : new int[] {Budget.VISIT, Budget.DELETE, Budget.EVENT, Budget.BEGIN}) {
            Budget budget = new Budget(rest);
            int most = budget.affords(cost);
            assertThat(most).as("operations of %d units of %d", cost, rest).isPositive();
            budget.spend(cost * (most - 1));
            assertThat(budget.isSpent())
                    .as("one less of %d units of %d", cost, rest)
                    .isFalse();
            budget.spend(cost);
            assertThat(budget.isSpent()).as("all of %d units of %d", cost, rest).isTrue();
            assertThat(budget.affords(cost)).isZero();
        }
    }

    @Test
    void affordsEverythingWhereItIsUnlimited() {
        assertThat(Budget.unlimited().affords(Budget.VISIT)).isGreaterThan(100_000_000);
    }
}
