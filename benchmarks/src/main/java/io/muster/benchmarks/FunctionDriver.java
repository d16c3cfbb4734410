package io.muster.benchmarks;

import io.muster.processor.function.FunctionProcess;
import io.muster.query.kernel.ScalarFunction;
import io.muster.query.streamjob.JavaScriptFunction;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Counts how many calls of a user's function one stream job makes in a second, each waiting for the one before. Needs nothing that runs. */
public final class FunctionDriver {
    private record Scenario(String name, String script, Object argument) {}

    private static final List<Scenario> SCENARIOS = List.of(
            new Scenario("a text to a number", "function hex2Int(h) { return parseInt(h, 16); }", "ff00"),
            new Scenario(
                    "a record of ten members to another",
                    "function main(r) { return { id: r.m0, sum: r.m1 + r.m2, all: Object.keys(r).join() }; }",
                    Map.of(
                            "m0",
                            "device-1",
                            "m1",
                            1.5,
                            "m2",
                            2L,
                            "m3",
                            true,
                            "m4",
                            "four",
                            "m5",
                            5L,
                            "m6",
                            6L,
                            "m7",
                            7L,
                            "m8",
                            8L,
                            "m9",
                            List.of(1L, 2L, 3L))),
            new Scenario(
                    "a loop of 1,000 rounds",
                    "function main(a) { var s = 0; for (var i = 0; i < 1000; i++) { s += i % 7; } return s; }",
                    1L));

    private static final int WARM_UP = 3;
    private static final int ROUNDS = 7;
    private static final long ROUND_NANOS = 1_000_000_000L;

    private FunctionDriver() {}

    public static void main(String[] args) {
        for (Scenario scenario : SCENARIOS) {
            ScalarFunction.Body body = new FunctionProcess(new FunctionProcess.Places(1))
                    .add(JavaScriptFunction.parse("f", scenario.script(), 1));
            long start = System.nanoTime();
            body.apply(new Object[] {scenario.argument()});
            long first = System.nanoTime() - start;
            long[] rates = new long[ROUNDS];
            for (int round = -WARM_UP; round < ROUNDS; round++) {
                long rate = round(body, scenario.argument());
                if (round >= 0) {
                    rates[round] = rate;
                }
            }
            Arrays.sort(rates);
            System.out.printf(
                    "%s: first call %d ms, then %,d calls/s (least %,d, most %,d)%n",
                    scenario.name(), first / 1_000_000, rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1]);
        }
    }

    private static long round(ScalarFunction.Body body, Object argument) {
        long start = System.nanoTime();
        long calls = 0;
        while (System.nanoTime() - start < ROUND_NANOS) {
            body.apply(new Object[] {argument});
            calls++;
        }
        return calls * 1_000_000_000L / (System.nanoTime() - start);
    }
}
