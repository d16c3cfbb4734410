package io.muster.planner.batch;

import io.muster.records.BatchTaskDefinition;
import io.muster.records.TaskIdRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Tells what a task depends on, and what the end of a task is to others: an id, and an integer where the id is one, whatever its leading zeros. A task waits for one of these at a
 * time. It asks about them in a scattered order, so that those that come in the order of their ids, or in the reverse one, have it ask again a few times and not once for each:
 * about ln n times for n of them. Contract: batch, 3.2.
 */
public final class BatchDependencies {
    /** Bounds what a task depends on, each integer of its ranges counted. */
    static final long MOST = 10_000;

    /** Is waited for by tasks about which the next step goes on to ask. */
    static final String NEXT_STEP = "!";

    private static final Pattern INTEGER = Pattern.compile("\\d+");
    private static final Pattern ZEROS = Pattern.compile("^0+(?=.)");
    private static final int MOST_DIGITS = 10;
    /** Spreads the multiples of a number over all positions. */
    private static final double GOLDEN = 0.618_033_988_749;

    private BatchDependencies() {}

    /** Names what a task waits for. @param come so many of what it depends on have come */
    record Wait(String on, long come) {}

    /** Returns how much a task depends on. */
    static long count(BatchTaskDefinition task) {
        return task.getDependsOn().size()
                + task.getDependsOnRanges().stream()
                        .mapToLong(BatchDependencies::length)
                        .sum();
    }

    private static long length(TaskIdRange range) {
        return range.getEnd() - range.getStart() + 1;
    }

    /**
     * Returns what a task waits for next; empty where all has come.
     *
     * @param come so many have come, in the order of asking: it asks on behind them
     * @param most so many are asked about; behind them the task waits for {@link #NEXT_STEP}
     */
    static Optional<Wait> next(BatchTaskDefinition task, long come, long most, Predicate<String> isThere) {
        long all = count(task);
        long[] ends = ends(task);
        long step = step(all);
        for (long index = come; index < all; index++) {
            if (index - come >= most) {
                return Optional.of(new Wait(NEXT_STEP, index));
            }
            String on = at(task, ends, index * step % all);
            if (!isThere.test(on)) {
                return Optional.of(new Wait(on, index));
            }
        }
        return Optional.empty();
    }

    /** Returns a step that comes to each of so many positions once, and to near ones far apart. */
    private static long step(long all) {
        long step = Math.max(1, Math.round(all * GOLDEN));
        while (divisor(all, step) > 1) {
            step++;
        }
        return step;
    }

    private static long divisor(long one, long other) {
        return other == 0 ? one : divisor(other, one % other);
    }

    /** Lists the positions behind the ends of the ranges. */
    private static long[] ends(BatchTaskDefinition task) {
        long[] ends = new long[task.getDependsOnRanges().size()];
        long end = task.getDependsOn().size();
        for (int i = 0; i < ends.length; i++) {
            end += length(task.getDependsOnRanges().get(i));
            ends[i] = end;
        }
        return ends;
    }

    private static String at(BatchTaskDefinition task, long[] ends, long position) {
        if (position < task.getDependsOn().size()) {
            return '=' + BatchIds.key(task.getDependsOn().get((int) position));
        }
        int found = Arrays.binarySearch(ends, position + 1);
        int range = found < 0 ? -found - 1 : found;
        return "#" + (task.getDependsOnRanges().get(range).getEnd() + 1 - (ends[range] - position));
    }

    /** Lists what a task is to others. @param taskId in lower case */
    public static List<String> names(String taskId) {
        List<String> names = new ArrayList<>(List.of('=' + taskId));
        if (INTEGER.matcher(taskId).matches()) {
            names.add('#' + integer(taskId));
        }
        return names;
    }

    private static String integer(String taskId) {
        return ZEROS.matcher(taskId).replaceFirst("");
    }

    /** Returns whether a range stands for a task of that id. */
    static boolean isWithin(TaskIdRange range, String taskId) {
        if (!INTEGER.matcher(taskId).matches() || integer(taskId).length() > MOST_DIGITS) {
            return false;
        }
        long number = Long.parseLong(integer(taskId));
        return range.getStart() <= number && number <= range.getEnd();
    }
}
