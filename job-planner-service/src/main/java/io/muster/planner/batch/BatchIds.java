package io.muster.planner.batch;

import java.util.Locale;
import java.util.regex.Pattern;

/** Tells ids of jobs and tasks. Ids that differ in the case of letters alone are the same. A job that a schedule made has a colon in its id. Contract: batch, 3.4. */
public final class BatchIds {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final Pattern OF_SCHEDULE = Pattern.compile(ID.pattern() + ":job-[1-9][0-9]{0,18}");
    private static final String SEPARATOR = ":";
    private static final int RADIX = 36;

    private BatchIds() {}

    /** Returns whether a job, a task or a pool may have that id. */
    static boolean isValid(String id) {
        return ID.matcher(id).matches();
    }

    /** Returns whether a job that a schedule made may have that id. */
    static boolean isOfSchedule(String id) {
        return OF_SCHEDULE.matcher(id).matches();
    }

    /** Returns the id by which it is kept. */
    public static String key(String id) {
        return id.toLowerCase(Locale.ROOT);
    }

    /** Returns the id that a task has in its pool. @param number with which the job gives it to the pool: no two of one id have the same */
    public static String inPool(String jobId, String taskId, long number) {
        return key(jobId) + SEPARATOR + key(taskId) + SEPARATOR + Long.toString(number, RADIX);
    }

    /** Returns the id of a task, in lower case. @param inPool that it has in its pool */
    static String task(String inPool) {
        String[] parts = inPool.split(SEPARATOR, -1);
        return parts[parts.length - 2];
    }
}
