package io.muster.planner.batch;

import io.muster.records.BatchTaskDefinition;
import io.muster.records.TaskIdRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Tells what a task depends on, and what the end of a task is to others: an id, and an integer where the id is one, whatever its leading zeros. A task waits for one of these at a
 * time: the first that has not come. Contract: batch, 3.2.
 */
public final class BatchDependencies {
    /** Bounds what a task depends on, each integer of its ranges counted. */
    static final long MOST = 10_000;

    private static final Pattern INTEGER = Pattern.compile("\\d+");
    private static final Pattern ZEROS = Pattern.compile("^0+(?=.)");

    private BatchDependencies() {}

    /** Names what a task waits for. @param met so many of what it depends on have come */
    record Wait(String on, long met) {}

    /** Returns how much a task depends on. */
    static long count(BatchTaskDefinition task) {
        return task.getDependsOn().size()
                + task.getDependsOnRanges().stream()
                        .mapToLong(range -> range.getEnd() - range.getStart() + 1)
                        .sum();
    }

    /** Returns what a task waits for next; empty where all has come. @param met from where to look on */
    static Optional<Wait> next(BatchTaskDefinition task, long met, Predicate<String> isThere) {
        long all = count(task);
        for (long index = met; index < all; index++) {
            String on = at(task, index);
            if (!isThere.test(on)) {
                return Optional.of(new Wait(on, index));
            }
        }
        return Optional.empty();
    }

    private static String at(BatchTaskDefinition task, long index) {
        if (index < task.getDependsOn().size()) {
            return '=' + BatchIds.key(task.getDependsOn().get((int) index));
        }
        long left = index - task.getDependsOn().size();
        for (TaskIdRange range : task.getDependsOnRanges()) {
            long length = range.getEnd() - range.getStart() + 1;
            if (left < length) {
                return "#" + (range.getStart() + left);
            }
            left -= length;
        }
        throw new IllegalStateException("It depends on less, index=" + index);
    }

    /** Lists what a task is to others. @param taskId in lower case */
    public static List<String> names(String taskId) {
        List<String> names = new ArrayList<>(List.of('=' + taskId));
        if (INTEGER.matcher(taskId).matches()) {
            names.add('#' + ZEROS.matcher(taskId).replaceFirst(""));
        }
        return names;
    }
}
