package io.muster.planner.batch;

import io.muster.planner.program.CommandLine;
import io.muster.records.BatchJobDefinition;
import io.muster.records.BatchRefusalReason;
import io.muster.records.BatchRefused;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.ExitCodeRange;
import io.muster.records.ExitConditions;
import io.muster.records.JobAction;
import io.muster.records.JobManager;
import io.muster.records.OnTaskFailure;
import io.muster.records.TaskConstraints;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Checks documents of jobs and tasks. Contract: batch, 3.2 and 3.4. */
final class BatchRules {
    private static final int MOST_PRIORITY = 1000;
    private static final int MOST_SLOTS = 1024;
    /** Bounds the characters of a command line. */
    private static final int LONGEST_COMMAND = 32 << 10;

    private static final int MOST_DEPENDENCIES = 1000;

    private BatchRules() {}

    /** Returns a refusal that names a member of the document. */
    static BatchRefused invalid(String member, @Nullable Object value, String sentence) {
        return new BatchRefused(
                BatchRefusalReason.INVALID, sentence, member, value == null ? null : String.valueOf(value));
    }

    /** Returns why a job can't be as it is described. */
    static Optional<BatchRefused> fault(String jobId, BatchJobDefinition job) {
        if (!BatchIds.isValid(jobId)) {
            return Optional.of(invalid("id", jobId, "An id has 1 to 64 letters, digits, hyphens and underscores."));
        }
        if (!BatchIds.isValid(job.getPoolId())) {
            return Optional.of(invalid("poolInfo.poolId", job.getPoolId(), "No pool has such an id."));
        }
        if (job.getPriority() < -MOST_PRIORITY || job.getPriority() > MOST_PRIORITY) {
            return Optional.of(invalid("priority", job.getPriority(), "A priority is -1000 to 1000."));
        }
        if (job.getMaxParallelTasks() != -1) {
            return Optional.of(invalid(
                    "maxParallelTasks",
                    job.getMaxParallelTasks(),
                    "A limit of tasks at once is not there yet: give -1."));
        }
        if (job.getMaxTaskRetries() < -1) {
            return Optional.of(
                    invalid("constraints.maxTaskRetryCount", job.getMaxTaskRetries(), "It is -1, or at least 0."));
        }
        if (job.getWallClockMillis() != null && job.getWallClockMillis() <= 0) {
            return Optional.of(
                    invalid("constraints.maxWallClockTime", job.getWallClockMillis(), "A limit of time is positive."));
        }
        @Nullable JobManager manager = job.getManager();
        return manager == null ? Optional.empty() : fault(job, manager.getTask());
    }

    /** Returns why a task can't be as it is described. */
    static Optional<BatchRefused> fault(BatchJobDefinition job, BatchTaskDefinition task) {
        if (!BatchIds.isValid(task.getTaskId())) {
            return Optional.of(
                    invalid("id", task.getTaskId(), "An id has 1 to 64 letters, digits, hyphens and underscores."));
        }
        if (task.getCommandLine().length() > LONGEST_COMMAND
                || task.getCommandLine().indexOf('\0') >= 0
                || CommandLine.split(task.getCommandLine()).isEmpty()) {
            return Optional.of(invalid(
                    "commandLine",
                    null,
                    "A command line names a program, and has at most " + LONGEST_COMMAND + " characters."));
        }
        if (task.getRequiredSlots() < 1 || task.getRequiredSlots() > MOST_SLOTS) {
            return Optional.of(
                    invalid("requiredSlots", task.getRequiredSlots(), "A task takes 1 to " + MOST_SLOTS + " slots."));
        }
        if (task.getMultiInstance() != null) {
            return Optional.of(invalid(
                    "multiInstanceSettings", null, "Tasks that run on several nodes at once are not there yet."));
        }
        if (task.getAffinity() != null) {
            return Optional.of(
                    invalid("affinityInfo", task.getAffinity(), "A preference for a node is not there yet."));
        }
        if (!task.getFiles().isEmpty()) {
            return Optional.of(invalid("resourceFiles", null, "Resource files are not there yet."));
        }
        return constraintsFault(task.getConstraints())
                .or(() -> dependenciesFault(job, task))
                .or(() -> conditionsFault(job, task.getExitConditions()));
    }

    /** Returns why a task can't have those limits. */
    static Optional<BatchRefused> constraintsFault(TaskConstraints constraints) {
        if (constraints.getMaxRetries() != null && constraints.getMaxRetries() < -1) {
            return Optional.of(
                    invalid("constraints.maxTaskRetryCount", constraints.getMaxRetries(), "It is -1, or at least 0."));
        }
        if (constraints.getWallClockMillis() != null && constraints.getWallClockMillis() <= 0) {
            return Optional.of(invalid(
                    "constraints.maxWallClockTime", constraints.getWallClockMillis(), "A limit of time is positive."));
        }
        if (constraints.getRetentionMillis() != null && constraints.getRetentionMillis() < 0) {
            return Optional.of(invalid(
                    "constraints.retentionTime", constraints.getRetentionMillis(), "A time to keep is not negative."));
        }
        return Optional.empty();
    }

    private static Optional<BatchRefused> dependenciesFault(BatchJobDefinition job, BatchTaskDefinition task) {
        boolean depends =
                !task.getDependsOn().isEmpty() || !task.getDependsOnRanges().isEmpty();
        if (depends && !job.getUsesTaskDependencies()) {
            return Optional.of(invalid(
                    "dependsOn", null, "The job has to say usesTaskDependencies for its tasks to depend on others."));
        }
        if (task.getDependsOn().size() + task.getDependsOnRanges().size() > MOST_DEPENDENCIES) {
            return Optional.of(invalid(
                    "dependsOn", null, "A task depends on " + MOST_DEPENDENCIES + " ids and ranges of ids at most."));
        }
        if (task.getDependsOnRanges().stream()
                .anyMatch(range -> range.getStart() < 0 || range.getEnd() < range.getStart())) {
            return Optional.of(invalid(
                    "dependsOn.taskIdRanges", null, "A range begins at 0 or later, and ends behind its begin."));
        }
        return depends ? Optional.of(invalid("dependsOn", null, "Dependencies are not there yet.")) : Optional.empty();
    }

    private static Optional<BatchRefused> conditionsFault(BatchJobDefinition job, @Nullable ExitConditions conditions) {
        if (conditions == null) {
            return Optional.empty();
        }
        if (conditions.getCodes().stream().anyMatch(range -> range.getEnd() < range.getStart())) {
            return Optional.of(invalid("exitConditions.exitCodeRanges", null, "A range ends behind its begin."));
        }
        List<JobAction> actions = Stream.concat(
                        conditions.getCodes().stream().map(ExitCodeRange::getOptions),
                        Stream.of(
                                        Optional.ofNullable(conditions.getPreProcessingError()),
                                        Optional.ofNullable(conditions.getFileUploadError()),
                                        Optional.ofNullable(conditions.getOtherwise()))
                                .flatMap(Optional::stream))
                .flatMap(options -> Optional.ofNullable(options.getJobAction()).stream())
                .toList();
        if (actions.contains(JobAction.DISABLE)) {
            return Optional.of(invalid(
                    "exitConditions.exitOptions.jobAction", "disable", "A job can't be disabled yet: give terminate."));
        }
        return !actions.isEmpty() && job.getOnTaskFailure() == OnTaskFailure.NO_ACTION
                ? Optional.of(invalid(
                        "exitConditions.exitOptions.jobAction",
                        null,
                        "The job has to say onTaskFailure performExitOptionsJobAction for that."))
                : Optional.empty();
    }
}
