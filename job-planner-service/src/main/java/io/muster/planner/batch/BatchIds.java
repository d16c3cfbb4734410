package io.muster.planner.batch;

import java.util.Locale;
import java.util.regex.Pattern;

/** Tells ids of jobs and tasks. Ids that differ in the case of letters alone are the same. Contract: batch, 3.4. */
public final class BatchIds {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final char SEPARATOR = ':';

    private BatchIds() {}

    /** Returns whether a job, a task or a pool may have that id. */
    static boolean isValid(String id) {
        return ID.matcher(id).matches();
    }

    /** Returns the id by which it is kept. */
    public static String key(String id) {
        return id.toLowerCase(Locale.ROOT);
    }

    /** Returns the id that a task has in its pool. */
    public static String inPool(String jobId, String taskId) {
        return key(jobId) + SEPARATOR + key(taskId);
    }

    /** Returns the id of a task, in lower case. @param inPool that it has in its pool */
    static String task(String inPool) {
        return inPool.substring(inPool.indexOf(SEPARATOR) + 1);
    }
}
