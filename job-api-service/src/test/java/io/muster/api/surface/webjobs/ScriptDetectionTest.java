package io.muster.api.surface.webjobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.ScriptHost;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists the order in which scripts are found. Contract: webjobs-and-schedules, 2.4. */
class ScriptDetectionTest {
    @ParameterizedTest
    @CsvSource({
        // run.* of an earlier host wins over run.* of a later one
        "run.cmd run.sh, run.cmd, CMD",
        "run.bat run.cmd, run.cmd, CMD",
        "run.exe run.bat, run.bat, CMD",
        "run.ps1 run.sh, run.ps1, POWERSHELL",
        "run.sh run.py, run.sh, BASH",
        "run.py run.php, run.py, PYTHON",
        "run.php run.js, run.php, PHP",
        "run.js run.fsx, run.js, NODE",
        "run.fsx run.jar, run.fsx, FSHARP",
        "run.jar, run.jar, JAVA",
        // run.* of any later host wins over another name of an earlier one
        "a.cmd run.js, run.js, NODE",
        "z.sh run.jar, run.jar, JAVA",
        // without any run.*, the first file of the first host that has one
        "z.exe a.py, z.exe, CMD",
        "b.sh a.sh, a.sh, BASH",
        "a.js b.py, b.py, PYTHON",
        "b.bat a.exe, b.bat, CMD",
        // names are the same in any case
        "RUN.SH a.cmd, RUN.SH, BASH",
        "Tool.PY, Tool.PY, PYTHON",
        // names that only resemble a script's
        "running.sh run.shx run, running.sh, BASH",
        "run.sh.txt a.py, a.py, PYTHON"
    })
    void findsTheScript(String files, String script, ScriptHost host) {
        assertThat(ScriptDetection.find(List.of(files.split(" ")), EnumSet.allOf(ScriptHost.class)))
                .contains(new ScriptDetection.Script(script, host));
    }

    @ParameterizedTest
    @CsvSource({
        "run.cmd a.sh, BASH, a.sh",
        "run.ps1 run.sh, BASH, run.sh",
        "run.ps1 run.sh, POWERSHELL, run.ps1",
        "run.cmd run.js, BASH, ",
        "readme.txt data.csv project.json, BASH, ",
        "run.py, NODE, "
    })
    void skipsHostsThatAreNotThere(String files, ScriptHost host, String script) {
        assertThat(ScriptDetection.find(List.of(files.split(" ")), Set.of(host)).map(ScriptDetection.Script::name))
                .isEqualTo(java.util.Optional.ofNullable(script));
    }
}
