package io.muster.planner.site;

import io.muster.document.ScriptHosts;
import io.muster.planner.program.CommandLine;
import io.muster.records.ComputeTask;
import io.muster.records.NodeLossRule;
import io.muster.records.NodeValue;
import io.muster.records.RestartRule;
import io.muster.records.Site;
import io.muster.records.TaskFile;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskProgram;
import io.muster.records.WebJob;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Makes the tasks of runs. Contract: webjobs-and-schedules, 2.5 and 2.6; addresses, "Rulings". */
public final class WebJobTasks {
    private static final long OUTPUT_BYTES = 10L << 20;
    private static final int GRACE_TRIGGERED = 30;
    private static final int GRACE_CONTINUOUS = 5;
    /** Says how long a continuous job has to run to start again at once. */
    private static final int AT_ONCE_AFTER = 120;

    private WebJobTasks() {}

    /** Returns the id of a run's task, unique in its pool. */
    static String id(String site, WebJobKind kind, String name, String runId) {
        String job = name.toLowerCase(Locale.ROOT);
        return switch (kind) {
            case TRIGGERED -> site + "." + job + "." + runId;
            case CONTINUOUS -> site + "." + job + ".continuous." + runId;
        };
    }

    /** Returns the task of a run that begins. @param arguments of its command line */
    public static ComputeTask of(Site site, WebJob job, WebJobRun run, String arguments) {
        SiteSettings settings = SiteSettings.of(site.getSettings());
        ComputeTask.Builder task = ComputeTask.newBuilder()
                .setTaskId(run.getTaskId())
                .setOwner(new TaskOwner(TaskOwnerKind.SITE, site.getSite()))
                .setRequires(List.of(ScriptHosts.interpreter(run.getHost())))
                .setPinnedTo(run.getPinnedTo())
                .setMostRetries(0);
        TaskProgram.Builder program = program(site, job, run, arguments);
        return switch (job.getKind()) {
            case TRIGGERED ->
                task.setProgram(program.setIdleSeconds((int) settings.idle().toSeconds())
                                .build())
                        .setOnNodeLoss(NodeLossRule.ABORT)
                        .build();
            case CONTINUOUS ->
                task.setProgram(program.build())
                        .setOnNodeLoss(NodeLossRule.PLACE_AGAIN)
                        .setRestart(
                                new RestartRule((int) settings.restartPause().toSeconds(), AT_ONCE_AFTER))
                        .build();
        };
    }

    private static TaskProgram.Builder program(Site site, WebJob job, WebJobRun run, String arguments) {
        WebJobFiles files = job.getFiles();
        boolean triggered = job.getKind() == WebJobKind.TRIGGERED;
        return TaskProgram.newBuilder()
                .setCommand(ScriptCommands.command(files.getHost(), files.getScript(), CommandLine.split(arguments)))
                .setEnvironment(environment(site, job, run, arguments))
                .setNodeEnvironment(nodeEnvironment(triggered))
                .setFiles(List.of(new TaskFile(
                        files.getSha256(),
                        files.getBytes(),
                        files.getFileName() == null ? "" : files.getFileName(),
                        files.getFileName() == null)))
                .setDirectory(files.getDirectory())
                .setDataDirectory(
                        site.getSite() + "." + type(job) + "." + job.getName().toLowerCase(Locale.ROOT))
                .setGraceSeconds(JobSettings.stored(job.getSettings())
                        .stoppingWaitSeconds()
                        .orElse(triggered ? GRACE_TRIGGERED : GRACE_CONTINUOUS))
                .setOutputBytes(OUTPUT_BYTES);
    }

    private static String type(WebJob job) {
        return job.getKind().name().toLowerCase(Locale.ROOT);
    }

    /** Returns the settings of the site that can be variables, and those of the contract, which they can't replace. */
    private static Map<String, String> environment(Site site, WebJob job, WebJobRun run, String arguments) {
        Map<String, String> environment = new HashMap<>();
        site.getSettings().forEach((name, value) -> {
            if (name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
                environment.put(name, value);
            }
        });
        boolean triggered = job.getKind() == WebJobKind.TRIGGERED;
        environment.put("WEBSITE_SITE_NAME", site.getSite());
        environment.put("WEBJOBS_NAME", job.getName());
        environment.put("WEBJOBS_TYPE", type(job));
        environment.put("WEBJOBS_RUN_ID", triggered ? run.getId() : "");
        environment.put("WEBJOBS_COMMAND_ARGUMENTS", arguments);
        environment.put(
                (triggered ? "WEBSITE_TRIGGERED_JOB_RUNNING_" : "WEBSITE_ALWAYS_ON_JOB_RUNNING_") + job.getName(),
                "true");
        return environment;
    }

    private static Map<String, NodeValue> nodeEnvironment(boolean triggered) {
        Map<String, NodeValue> values = new HashMap<>();
        values.put("WEBJOBS_PATH", NodeValue.TASK_DIRECTORY);
        values.put("WEBJOBS_DATA_PATH", NodeValue.DATA_DIRECTORY);
        if (!triggered) {
            values.put("WEBJOBS_PORT", NodeValue.PORT);
            values.put("WEBJOBS_SHUTDOWN_FILE", NodeValue.SHUTDOWN_FILE);
        }
        return values;
    }
}
