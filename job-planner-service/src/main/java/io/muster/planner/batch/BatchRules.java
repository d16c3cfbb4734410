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
import io.muster.records.MultiInstance;
import io.muster.records.NameValue;
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

    private static final int MOST_EXIT_CODES = 1000;

    /** Bounds the nodes of a task: each of its events has room for their names, and each of its orders for their addresses. */
    private static final int MOST_INSTANCES = 256;

    private BatchRules() {}

    /** Returns a refusal that names a member of the document. */
    static BatchRefused invalid(String member, @Nullable Object value, String sentence) {
        return new BatchRefused(
                BatchRefusalReason.INVALID, sentence, member, value == null ? null : String.valueOf(value));
    }

    /** Returns why a job can't be as it is described. */
    static Optional<BatchRefused> fault(String jobId, boolean isOfSchedule, BatchJobDefinition job) {
        if (!(isOfSchedule ? BatchIds.isOfSchedule(jobId) : BatchIds.isValid(jobId))) {
            return Optional.of(invalid("id", jobId, "An id has 1 to 64 letters, digits, hyphens and underscores."));
        }
        if (!BatchIds.isValid(job.getPoolId())) {
            return Optional.of(invalid("poolInfo.poolId", job.getPoolId(), "No pool has such an id."));
        }
        if (job.getPriority() < -MOST_PRIORITY || job.getPriority() > MOST_PRIORITY) {
            return Optional.of(invalid("priority", job.getPriority(), "A priority is -1000 to 1000."));
        }
        if (job.getMaxParallelTasks() < -1 || job.getMaxParallelTasks() == 0) {
            return Optional.of(
                    invalid("maxParallelTasks", job.getMaxParallelTasks(), "It is -1 for no limit, or at least 1."));
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
        return nameFault(job.getDisplayName())
                .or(() -> environmentFault("commonEnvironmentSettings", job.getEnvironment()))
                .or(() -> pairsFault("metadata", job.getMetadata()))
                .or(() -> manager == null ? Optional.empty() : fault(job, manager.getTask()));
    }

    private static Optional<BatchRefused> nameFault(@Nullable String displayName) {
        return BatchTexts.nameFault(displayName).map(fault -> invalid("displayName", null, fault));
    }

    /** Returns why a job can't be terminated for a reason. */
    static Optional<BatchRefused> reasonFault(String reason) {
        return BatchTexts.nameFault(reason).map(fault -> invalid("terminateReason", null, fault));
    }

    private static Optional<BatchRefused> pairsFault(String member, List<NameValue> pairs) {
        return BatchTexts.pairsFault(pairs).map(fault -> invalid(member, null, fault));
    }

    private static Optional<BatchRefused> environmentFault(String member, List<NameValue> variables) {
        boolean isNamed = variables.stream()
                .allMatch(variable -> !variable.getName().isEmpty()
                        && variable.getName().indexOf('=') < 0
                        && variable.getName().indexOf('\0') < 0
                        && variable.getValue().indexOf('\0') < 0);
        return isNamed
                ? pairsFault(member, variables)
                : Optional.of(
                        invalid(member, null, "A variable has a name without = and NUL, and a value without NUL."));
    }

    /** Returns why a task can't be as it is described. */
    static Optional<BatchRefused> fault(BatchJobDefinition job, BatchTaskDefinition task) {
        if (!BatchIds.isValid(task.getTaskId())) {
            return Optional.of(
                    invalid("id", task.getTaskId(), "An id has 1 to 64 letters, digits, hyphens and underscores."));
        }
        if (!isCommandLine(task.getCommandLine())) {
            return Optional.of(invalid(
                    "commandLine",
                    null,
                    "A command line names a program, and has at most " + LONGEST_COMMAND + " characters."));
        }
        if (task.getRequiredSlots() < 1 || task.getRequiredSlots() > MOST_SLOTS) {
            return Optional.of(
                    invalid("requiredSlots", task.getRequiredSlots(), "A task takes 1 to " + MOST_SLOTS + " slots."));
        }
        return nameFault(task.getDisplayName())
                .or(() -> BatchTexts.nameFault(task.getAffinity()).map(fault -> invalid("affinityInfo", null, fault)))
                .or(() -> environmentFault("environmentSettings", task.getEnvironment()))
                .or(() -> BatchFiles.fault(task.getFiles()))
                .or(() -> constraintsFault(task.getConstraints()))
                .or(() -> dependenciesFault(job, task))
                .or(() -> conditionsFault(job, task.getExitConditions()))
                .or(() -> gangFault(task));
    }

    private static boolean isCommandLine(String line) {
        return line.length() <= LONGEST_COMMAND
                && line.indexOf('\0') < 0
                && !CommandLine.split(line).isEmpty();
    }

    /** Returns why a task can't run on several nodes as it is described. Contract: batch, 3.3. */
    private static Optional<BatchRefused> gangFault(BatchTaskDefinition task) {
        @Nullable MultiInstance gang = task.getMultiInstance();
        if (gang == null) {
            return Optional.empty();
        }
        if (gang.getInstances() < 1 || gang.getInstances() > MOST_INSTANCES) {
            return Optional.of(invalid(
                    "multiInstanceSettings.numberOfInstances",
                    gang.getInstances(),
                    "A task runs on 1 to " + MOST_INSTANCES + " nodes at once."));
        }
        if (!isCommandLine(gang.getCoordinationCommandLine())) {
            return Optional.of(invalid(
                    "multiInstanceSettings.coordinationCommandLine",
                    null,
                    "A command line names a program, and has at most " + LONGEST_COMMAND + " characters."));
        }
        if (!gang.getCommonFiles().isEmpty()) {
            return Optional.of(invalid(
                    "multiInstanceSettings.commonResourceFiles",
                    null,
                    "Common resource files are not there yet: give the task resourceFiles, which its primary gets."));
        }
        return task.getRequiredSlots() == 1
                ? Optional.empty()
                : Optional.of(invalid(
                        "requiredSlots",
                        task.getRequiredSlots(),
                        "A task with multiInstanceSettings takes one slot of each node."));
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
                    "constraints.retentionTime", constraints.getRetentionMillis(), "A time is no less than 0."));
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
        if (task.getDependsOnRanges().stream()
                .anyMatch(range -> range.getStart() < 0 || range.getEnd() < range.getStart())) {
            return Optional.of(invalid(
                    "dependsOn.taskIdRanges", null, "A range begins at 0 or later, and ends behind its begin."));
        }
        if (task.getDependsOnRanges().stream().anyMatch(range -> range.getEnd() > Integer.MAX_VALUE)
                || BatchDependencies.count(task) > BatchDependencies.MOST) {
            return Optional.of(invalid(
                    "dependsOn",
                    null,
                    "A task depends on " + BatchDependencies.MOST
                            + " others at most, each integer of its ranges counted."));
        }
        boolean areOthers = task.getDependsOn().stream()
                .allMatch(on -> BatchIds.isValid(on) && !BatchIds.key(on).equals(BatchIds.key(task.getTaskId())));
        if (!areOthers) {
            return Optional.of(invalid("dependsOn.taskIds", null, "A task depends on ids of other tasks."));
        }
        return task.getDependsOnRanges().stream().anyMatch(range -> BatchDependencies.isWithin(range, task.getTaskId()))
                ? Optional.of(invalid(
                        "dependsOn.taskIdRanges", null, "A task depends on others: its own id is in the range."))
                : Optional.empty();
    }

    private static Optional<BatchRefused> conditionsFault(BatchJobDefinition job, @Nullable ExitConditions conditions) {
        if (conditions == null) {
            return Optional.empty();
        }
        if (conditions.getFileUploadError() != null) {
            return Optional.of(
                    invalid("exitConditions.fileUploadError", null, "No files are uploaded here: leave it out."));
        }
        if (conditions.getCodes().size() > MOST_EXIT_CODES) {
            return Optional.of(invalid(
                    "exitConditions.exitCodes", null, "At most " + MOST_EXIT_CODES + " codes and ranges of codes."));
        }
        if (conditions.getCodes().stream().anyMatch(range -> range.getEnd() < range.getStart())) {
            return Optional.of(invalid("exitConditions.exitCodeRanges", null, "A range ends behind its begin."));
        }
        List<JobAction> actions = Stream.concat(
                        conditions.getCodes().stream().map(ExitCodeRange::getOptions),
                        Stream.of(
                                        Optional.ofNullable(conditions.getPreProcessingError()),
                                        Optional.ofNullable(conditions.getOtherwise()))
                                .flatMap(Optional::stream))
                .flatMap(options -> Optional.ofNullable(options.getJobAction()).stream())
                .toList();
        return !actions.isEmpty() && job.getOnTaskFailure() == OnTaskFailure.NO_ACTION
                ? Optional.of(invalid(
                        "exitConditions.exitOptions.jobAction",
                        null,
                        "The job has to say onTaskFailure performExitOptionsJobAction for that."))
                : Optional.empty();
    }
}
