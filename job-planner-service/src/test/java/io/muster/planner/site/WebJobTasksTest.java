package io.muster.planner.site;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.document.ScriptHosts;
import io.muster.planner.program.CommandLine;
import io.muster.records.ComputeTask;
import io.muster.records.NodeLossRule;
import io.muster.records.NodeValue;
import io.muster.records.RestartRule;
import io.muster.records.ScriptHost;
import io.muster.records.Site;
import io.muster.records.TaskFile;
import io.muster.records.TaskProgram;
import io.muster.records.WebJob;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Makes tasks of runs, as the contract has their environment and limits: webjobs-and-schedules, 2.4 to 2.6. */
class WebJobTasksTest {
    private static final Instant NOW = Instant.parse("2026-11-21T03:00:00Z");
    private static final String HASH = "cd".repeat(32);

    private static ComputeTask task(
            WebJobKind kind, WebJobFiles.Builder files, String settings, Map<String, String> site, String arguments) {
        WebJob job = WebJob.newBuilder()
                .setKind(kind)
                .setName("Purge")
                .setFiles(files.setSha256(HASH).setBytes(10).build())
                .setSettings(settings)
                .setChangedAt(NOW)
                .build();
        WebJobRun run = WebJobRun.newBuilder()
                .setId("202611210300000000")
                .setStatus(WebJobRunStatus.INITIALIZING)
                .setTrigger("External - x")
                .setPoolId("default")
                .setTaskId(WebJobTasks.id("fleet", kind, "Purge", "202611210300000000"))
                .setScript(job.getFiles().getScript())
                .setHost(job.getFiles().getHost())
                .setBegunAt(NOW)
                .build();
        return WebJobTasks.of(
                Site.newBuilder()
                        .setSite("fleet")
                        .setRevision(1)
                        .setSettings(site)
                        .build(),
                job,
                run,
                arguments);
    }

    private static WebJobFiles.Builder script(ScriptHost host, String script) {
        return WebJobFiles.newBuilder().setHost(host).setScript(script);
    }

    @Test
    void givesATriggeredJobItsEnvironmentAndLimits() {
        ComputeTask task = task(
                WebJobKind.TRIGGERED,
                script(ScriptHost.BASH, "run.sh").setDirectory("sub"),
                "{}",
                Map.of("COLOR", "red", "WEBJOBS_NAME", "mine", "not a variable", "x"),
                "a 'b c'");
        assertThat(task.getTaskId()).isEqualTo("fleet.purge.202611210300000000");
        assertThat(task.getOwner().getId()).isEqualTo("fleet");
        assertThat(task.getOnNodeLoss()).isEqualTo(NodeLossRule.ABORT);
        assertThat(task.getMostRetries()).isZero();
        assertThat(task.getRestart()).isNull();
        assertThat(task.getRequires()).containsExactly("bash");
        TaskProgram program = task.getProgram();
        assertThat(program.getCommand()).containsExactly("bash", "./run.sh", "a", "b c");
        assertThat(program.getEnvironment())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "COLOR", "red",
                        "WEBSITE_SITE_NAME", "fleet",
                        "WEBJOBS_NAME", "Purge",
                        "WEBJOBS_TYPE", "triggered",
                        "WEBJOBS_RUN_ID", "202611210300000000",
                        "WEBJOBS_COMMAND_ARGUMENTS", "a 'b c'",
                        "WEBSITE_TRIGGERED_JOB_RUNNING_Purge", "true"));
        assertThat(program.getNodeEnvironment())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "WEBJOBS_PATH", NodeValue.TASK_DIRECTORY, "WEBJOBS_DATA_PATH", NodeValue.DATA_DIRECTORY));
        assertThat(program.getDataDirectory()).isEqualTo("fleet.triggered.purge");
        assertThat(program.getFiles()).containsExactly(new TaskFile(HASH, 10L, "", true));
        assertThat(program.getDirectory()).isEqualTo("sub");
        assertThat(program.getIdleSeconds()).isEqualTo(120);
        assertThat(program.getOutputBytes()).isEqualTo(10 << 20);
        assertThat(program.getGraceSeconds()).isEqualTo(30);
        assertThat(program.getWallClockSeconds()).isNull();
    }

    @Test
    void givesAContinuousJobAPortAShutdownFileAndRestarts() {
        ComputeTask task = task(
                WebJobKind.CONTINUOUS,
                script(ScriptHost.PYTHON, "run.py").setFileName("run.py"),
                "{\"stopping_wait_time\":60}",
                Map.of("WEBJOBS_RESTART_TIME", "7", "WEBJOBS_IDLE_TIMEOUT", "9"),
                "");
        assertThat(task.getOnNodeLoss()).isEqualTo(NodeLossRule.PLACE_AGAIN);
        assertThat(task.getRestart()).isEqualTo(new RestartRule(7, 120));
        TaskProgram program = task.getProgram();
        assertThat(program.getEnvironment())
                .containsEntry("WEBJOBS_RUN_ID", "")
                .containsEntry("WEBJOBS_TYPE", "continuous")
                .containsEntry("WEBSITE_ALWAYS_ON_JOB_RUNNING_Purge", "true")
                .doesNotContainKey("WEBSITE_TRIGGERED_JOB_RUNNING_Purge");
        assertThat(program.getNodeEnvironment())
                .containsEntry("WEBJOBS_PORT", NodeValue.PORT)
                .containsEntry("WEBJOBS_SHUTDOWN_FILE", NodeValue.SHUTDOWN_FILE);
        assertThat(program.getFiles()).containsExactly(new TaskFile(HASH, 10L, "run.py", false));
        assertThat(program.getIdleSeconds()).as("never of a continuous job").isNull();
        assertThat(program.getGraceSeconds()).isEqualTo(60);
    }

    @ParameterizedTest
    @CsvSource({
        "CMD, cmd, cmd /c ./s x",
        "POWERSHELL, pwsh, pwsh -ExecutionPolicy RemoteSigned -File ./s x",
        "BASH, bash, bash ./s x",
        "PYTHON, python, python ./s x",
        "PHP, php, php ./s x",
        "NODE, node, node ./s x",
        "FSHARP, fsx, fsx ./s x",
        "JAVA, java, java -jar ./s x"
    })
    void startsAScriptWithItsHost(ScriptHost host, String interpreter, String command) {
        assertThat(ScriptHosts.interpreter(host)).isEqualTo(interpreter);
        assertThat(ScriptCommands.command(host, "s", List.of("x"))).isEqualTo(List.of(command.split(" ")));
    }

    /** Takes a value of the wrong type as absent. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}| 5",
                "{'stopping_wait_time':0}| 0",
                "{'stopping_wait_time':60}| 60",
                "{'stopping_wait_time':'60'}| 5",
                "{'stopping_wait_time':true}| 5",
                "{'stopping_wait_time':-1}| 5",
                "{'stopping_wait_time':1.5}| 5",
                "{'stopping_wait_time':99999999999}| 5",
                "{'stopping_wait_time':1000000}| 86400",
                "{'is_singleton':'yes','mine':1}| 5"
            })
    void readsTheSettingsOfAJob(String settings, int grace) {
        assertThat(task(
                                WebJobKind.CONTINUOUS,
                                script(ScriptHost.BASH, "run.sh"),
                                settings.replace('\'', '"'),
                                Map.of(),
                                "")
                        .getProgram()
                        .getGraceSeconds())
                .isEqualTo(grace);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a b|a/b",
                " a   b |a/b",
                "\"a b\" c|a b/c",
                "'a b'c|a bc",
                "a\\\"b|a\"b",
                "'a\\b'|a\\b",
                "\"\" x|/x",
                "C:\\dir\\f|C:\\dir\\f",
                "\"open end|open end"
            })
    void splitsArguments(String text, String arguments) {
        assertThat(String.join("/", CommandLine.split(text))).isEqualTo(arguments);
        assertThat(CommandLine.split("  ")).isEmpty();
    }
}
