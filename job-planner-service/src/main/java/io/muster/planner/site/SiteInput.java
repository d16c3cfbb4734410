package io.muster.planner.site;

import io.muster.records.DeleteWebJob;
import io.muster.records.FiringOrder;
import io.muster.records.PoolNodes;
import io.muster.records.PutSiteSettings;
import io.muster.records.PutWebJob;
import io.muster.records.PutWebJobSettings;
import io.muster.records.RunWebJob;
import io.muster.records.TaskResult;
import io.muster.records.WebJobKind;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Holds what a site decides about. */
public sealed interface SiteInput {
    /** Asks for a job, or for other files of one. */
    record Put(PutWebJob job) implements SiteInput {}

    /** Asks for the end of a job. */
    record Delete(DeleteWebJob job) implements SiteInput {}

    /** Asks for other settings of a job. */
    record PutJobSettings(PutWebJobSettings job) implements SiteInput {}

    /** Asks for a run of a triggered job. @param order of a schedule's firing that asks; null where none does */
    record Run(RunWebJob run, @Nullable FiringOrder order) implements SiteInput {}

    /** Asks that a continuous job runs. */
    record Start(String name) implements SiteInput {}

    /** Asks that a continuous job runs no more. */
    record Stop(String name) implements SiteInput {}

    /** Asks for other settings of the site. */
    record PutSettings(PutSiteSettings settings) implements SiteInput {}

    /** Says that the program of a task runs on a node. */
    record Started(String taskId, String nodeId, long placement) implements SiteInput {}

    /** Says that a task waits for a node again, or for a time. @param exitCode of its program, if that has ended */
    record Waits(String taskId, @Nullable Integer exitCode) implements SiteInput {}

    /** Says that a task has ended. */
    record Ended(
            String poolId,
            String taskId,
            TaskResult result,
            @Nullable Integer exitCode,
            String detail) implements SiteInput {}

    /** Says that the pool has not taken a task. */
    record NotTaken(String poolId, String taskId, String detail) implements SiteInput {}

    /** Says which nodes a pool has. */
    record PoolHas(String poolId, PoolNodes nodes) implements SiteInput {}

    /** Asks whether a triggered job's schedule is due at another time than it was. */
    record Reschedule(String name) implements SiteInput {}

    /** Asks whether a triggered job has a run that may not go on. */
    record SettleRun(String name) implements SiteInput {}

    /** Asks whether a continuous job runs where it should and only there. @param node empty for the run of a singleton, which any node may have */
    record Settle(String name, Optional<String> node) implements SiteInput {}

    /** Asks the same of the job whose run has that task. */
    record SettleTask(String taskId) implements SiteInput {}

    /** Asks whether a job's schedule is due, or its start. */
    record Due(WebJobKind kind, String name) implements SiteInput {}
}
