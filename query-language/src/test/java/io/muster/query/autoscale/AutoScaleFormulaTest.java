package io.muster.query.autoscale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.kernel.QueryException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables of formulas over a pool that had 2, 4, … 20 waiting tasks, every 30 seconds. Contract: batch, 3.5. */
class AutoScaleFormulaTest {
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
    private static final Metrics METRICS = new Metrics(
            NOW,
            Map.of(
                    "$ActiveTasks",
                    IntStream.rangeClosed(1, 10)
                            .mapToObj(i -> new Metrics.Sample(NOW.minusSeconds(30L * (10 - i)), 2 * i))
                            .toList(),
                    "$CurrentDedicatedNodes",
                    List.of(new Metrics.Sample(NOW, 3))),
            Map.of("$TargetDedicatedNodes", 3.0));

    @ParameterizedTest
    @CsvSource(delimiter = '@', textBlock = """
            $TargetDedicatedNodes = 4;                                        @ $TargetDedicatedNodes=4
            $TargetDedicatedNodes = 1 + 2 * 3 - 4 / 2;                        @ $TargetDedicatedNodes=5
            $TargetDedicatedNodes = 7.9;                                      @ $TargetDedicatedNodes=7
            $TargetDedicatedNodes = 2 - 5;                                    @ $TargetDedicatedNodes=0
            a = 2; b = -a; $TargetLowPriorityNodes = a - b;                   @ a=2;b=-2;$TargetLowPriorityNodes=4
            $TargetDedicatedNodes = $ActiveTasks;                             @ $TargetDedicatedNodes=20
            $TargetDedicatedNodes = $TargetDedicatedNodes + 1;                @ $TargetDedicatedNodes=4
            $TargetDedicatedNodes = min(5, $ActiveTasks.GetSample(1));        @ $TargetDedicatedNodes=5
            $TargetDedicatedNodes = avg($ActiveTasks.GetSample(3));           @ $TargetDedicatedNodes=18
            $TargetDedicatedNodes = max($ActiveTasks.GetSample(60 * TimeInterval_Second)); @ $TargetDedicatedNodes=20
            $TargetDedicatedNodes = min($ActiveTasks.GetSample(TimeInterval_Minute)); @ $TargetDedicatedNodes=16
            p = $ActiveTasks.GetSamplePercent(TimeInterval_Hour); $TargetDedicatedNodes = p < 70 ? 1 : 9; @ p=8.333333333333334;$TargetDedicatedNodes=1
            $TargetDedicatedNodes = 1 < 2 && !(3 <= 2) || 1 == 2 ? 6 : 7;     @ $TargetDedicatedNodes=6
            $TargetDedicatedNodes = time() > 0 ? $CurrentDedicatedNodes : 0;  @ $TargetDedicatedNodes=3
            """)
    void evaluates(String formula, String results) throws QueryException {
        AutoScaleFormula.Result result = AutoScaleFormula.parse(formula).evaluate(METRICS);
        assertThat(result.fault()).isEmpty();
        assertThat(result.text()).isEqualTo(results);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            $TargetDedicatedNodes = $CPUPercent.GetSample(1);  | $CPUPercent
            $TargetDedicatedNodes = $NetworkInBytes;           | $NetworkInBytes
            $TargetDedicatedNodes = nodes;                     | nodes
            $TargetDedicatedNodes = rand();                    | rand
            $TargetDedicatedNodes = $ActiveTasks.Median(1);    | Median
            $NodeDeallocationOption = 1;                       | $NodeDeallocationOption
            $TargetDedicatedNodes = 1                          | end
            $TargetDedicatedNodes = 1 +;                       | ;
            """)
    void refusesByName(String formula, String name) {
        assertThatThrownBy(() -> AutoScaleFormula.parse(formula))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining(name);
    }

    @Test
    void saysWhichValueIsNotDefined() throws QueryException {
        assertThat(AutoScaleFormula.parse("a = 1; $TargetDedicatedNodes = 1 / 0;")
                        .evaluate(METRICS)
                        .fault())
                .hasValueSatisfying(fault -> assertThat(fault).contains("$TargetDedicatedNodes"));
        assertThat(AutoScaleFormula.parse("$TargetDedicatedNodes = $ActiveTasks.GetSample(TimeInterval_Hour, 90);")
                        .evaluate(METRICS)
                        .fault())
                .as("too few samples")
                .isPresent();
    }
}
