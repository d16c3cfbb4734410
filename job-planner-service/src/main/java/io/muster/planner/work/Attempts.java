package io.muster.planner.work;

import io.muster.records.FailureKind;
import java.util.ArrayList;
import java.util.List;

/**
 * Counts what was tried so far.
 *
 * @param count of deliveries; the number of the latest
 * @param failures that were followed by another attempt
 */
public record Attempts(int count, List<FailureKind> failures) {
    /** Counts no attempt: nothing was tried yet. */
    public static final Attempts NONE = new Attempts(0, List.of());

    Attempts delivered() {
        return new Attempts(count + 1, failures);
    }

    Attempts failed(FailureKind kind) {
        List<FailureKind> all = new ArrayList<>(failures);
        all.add(kind);
        return new Attempts(count, List.copyOf(all));
    }

    int failures(FailureKind kind) {
        return (int) failures.stream().filter(kind::equals).count();
    }
}
