package io.muster.processor.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.muster.query.kernel.ScalarFunction;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamValues;
import io.muster.query.streamjob.JavaScriptFunction;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class FunctionProcessTest {
    /** Runs functions that exceed no bound. */
    private static final FunctionProcess PROCESS = new FunctionProcess(new FunctionProcess.Places(1));

    private static final FunctionProcess GREEDY = new FunctionProcess(new FunctionProcess.Places(1));

    private static ScalarFunction.Body of(String script) {
        return of(PROCESS, script);
    }

    private static ScalarFunction.Body of(FunctionProcess process, String script) {
        return process.add(JavaScriptFunction.parse("f", script, 1));
    }

    private static Object call(ScalarFunction.Body function, Object argument) {
        return function.apply(new Object[] {argument});
    }

    static Stream<Arguments> values() {
        return Stream.of(
                Arguments.of("parseInt(a, 16)", "ff", 255L),
                Arguments.of("a + 1", 41L, 42L),
                Arguments.of("a / 2", 5L, 2.5),
                Arguments.of("a * 2", 1.5, 3L),
                Arguments.of("a / 0", 1L, StreamValues.NULL),
                Arguments.of("a === null", StreamValues.NULL, true),
                Arguments.of("undefined", 1L, StreamValues.NULL),
                Arguments.of("`${a}!`", "x", "x!"),
                Arguments.of("a + '\\u20ac'", "\ud83d\ude00", "\ud83d\ude00\u20ac"),
                Arguments.of("a.k.map(x => x * x)", Map.of("k", List.of(1L, 2L, 3L)), List.of(1L, 4L, 9L)),
                Arguments.of("({ n: a.length, '7': a[1] })", List.of("x", "y"), Map.of("n", 2L, "7", "y")),
                Arguments.of("a.getTime()", Instant.parse("2026-01-01T00:00:00Z"), 1767225600000L),
                Arguments.of("new Date(a + 1)", 0L, Instant.ofEpochMilli(1)),
                Arguments.of("new Date(NaN)", 0L, StreamValues.NULL),
                Arguments.of("new Date(a * 1e15)", 8L, StreamValues.NULL),
                Arguments.of("new Date(-a * 1e14)", 1L, StreamValues.NULL),
                Arguments.of(
                        "JSON.parse(a)", "{\"x\":[true,null]}", Map.of("x", Arrays.asList(true, StreamValues.NULL))),
                Arguments.of("'x'.repeat(1000000).length", 0L, 1_000_000L),
                Arguments.of("'x'.repeat(1000000)", 0L, "x".repeat(1_000_000)),
                Arguments.of("typeof java + typeof Packages + typeof print", 0L, "undefinedundefinedundefined"));
    }

    @ParameterizedTest
    @MethodSource("values")
    void convertsArgumentsAndResults(String expression, Object argument, Object result) {
        assertThat(call(of("function main(a) { return " + expression + "; }"), argument))
                .isEqualTo(result);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            function main(a) { return a.b.c; }                        | UDF.f, line 1: TypeError: Cannot read property "c" from undefined
            function main(a) { throw new Error('not that'); }         | UDF.f, line 1: Error: not that
            function main(a) { while (true) { } }                     | UDF.f takes more than 50000000 steps
            function main(a) { try { while (true) { } } catch (e) { } finally { return 1; } } | UDF.f takes more than
            function main(a) { for (var d = new Date();;) { d.setDate(1); } } | UDF.f takes more than
            function main(a) { [2, 1].sort(() => { while (true) { } }); } | UDF.f takes more than
            function main(a) { return /^(a+)+$/.test('a'.repeat(40) + 'b'); } | UDF.f takes more than
            function main(a) { return main(a); }                      | UDF.f calls itself too deep
            function main(a) { const r = {}; r.r = r; return r; }     | UDF.f returns a value that is nested deeper
            function main(a) { const r = {}; r.r = r; return JSON.stringify(r); } | UDF.f, line 1: TypeError
            function main(a) { let r = [1]; for (let i = 0; i < 60; i++) { r = [r, r]; } return r; } | UDF.f returns more than
            function main(a) { return new Array(1e9); }               | UDF.f returns more than
            function main(a) { return 'x'.repeat(2 << 20); }          | UDF.f returns more than
            function main(a) { return main; }                         | UDF.f returns a function
            while (true) { } function main(a) { }                     | UDF.f takes more than
            nothing.there(); function main(a) { }                     | UDF.f, line 1: ReferenceError
            function main(a) { } main = 1;                            | UDF.f has no function main when its script has run
            """)
    void failsWithItsNameAndPlace(String script, String message) {
        ScalarFunction.Body function = of(script);
        assertThatThrownBy(() -> call(function, Map.of()))
                .isInstanceOf(EvaluationException.class)
                .hasMessageStartingWith(message);
    }

    /** Calls functions that take more than there is, most of them in one step of the language: each fails by its name, and the next call goes on. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            new Array(1e9).fill()                                                      | MEMORY
            new Array(1e8).join('x')                                                   | MEMORY
            Array.from({ length: 1e9 })                                                | MEMORY
            'x'.padStart(2 ** 30)                                                      | MEMORY
            (() => { for (var s = 'x', i = 0; i < 30; i++) { s += s; } return s.charAt(1); })() | MEMORY
            (() => { for (var k = [];;) { k.push('x' + k.length); } })()               | MEMORY
            new ArrayBuffer(1e9)                                                       | MEMORY
            JSON.stringify(new Array(1e7).fill({}), null, '          ')                | MEMORY
            1n << (2n ** 30n)                                                          | MEMORY
            (() => { for (var n = 3n;;) { n *= n; } })()                               | TIME
            """)
    void failsAFunctionThatTakesTooMuchAlone(String expression, String bound) {
        ScalarFunction.Body function =
                of(GREEDY, "function main(a) { if (a) { return 'sane'; } return " + expression + "; }");
        assertThatThrownBy(() -> call(function, false))
                .isInstanceOf(EvaluationException.class)
                .hasMessage(
                        bound.equals("TIME")
                                ? "UDF.f takes more than 10 seconds of a processor"
                                : "UDF.f needs more than 64 MiB of memory");
        assertThat(call(function, true)).isEqualTo("sane");
    }

    /** Gives a function less depth than telemetry may have. */
    @Test
    void refusesAValueThatIsNestedTooDeep() {
        ScalarFunction.Body function = of("function main(a) { return 1; }");
        Object value = 1L;
        for (int depth = 0; depth < 100; depth++) {
            value = depth % 2 == 0 ? List.of(value) : Map.of("a", value);
        }
        assertThat(call(function, value)).isEqualTo(1L);
        Object deeper = List.of(value);
        assertThatThrownBy(() -> call(function, deeper))
                .isInstanceOf(EvaluationException.class)
                .hasMessage("UDF.f is given a value that is nested deeper than 100");
        assertThat(call(function, value)).isEqualTo(1L);
    }

    @Test
    void keepsFunctionsOfOtherJobsRunning() {
        ScalarFunction.Body good =
                of(new FunctionProcess(new FunctionProcess.Places(1)), "function main(a) { return a + 1; }");
        ScalarFunction.Body bad = of(
                new FunctionProcess(new FunctionProcess.Places(1)),
                "function main(a) { for (var k = [];;) { k.push('x' + k.length); } }");
        assertThat(call(good, 1L)).isEqualTo(2L);
        assertThatThrownBy(() -> call(bad, 1L)).isInstanceOf(EvaluationException.class);
        assertThat(call(good, 2L)).isEqualTo(3L);
    }

    @Test
    void repeatsACallWhoseProcessWasKilled() {
        FunctionProcess process = new FunctionProcess(new FunctionProcess.Places(1));
        ScalarFunction.Body function = of(process, "var n = 0; function main(a) { n++; return a; }");
        for (long i = 0; i < 3; i++) {
            assertThat(call(function, i)).isEqualTo(i);
            ProcessHandle handle = Objects.requireNonNull(process.handle());
            handle.destroyForcibly();
            if (i > 0) {
                await().until(() -> !handle.isAlive());
            }
        }
        assertThat(call(function, 3L)).isEqualTo(3L);
    }

    @Test
    void repeatsACallWhoseProcessIsKilledWhileItRuns() throws InterruptedException {
        FunctionProcess process = new FunctionProcess(new FunctionProcess.Places(1));
        ScalarFunction.Body function =
                of(process, "function main(a) { for (var i = 0, s = 0; i < 1e6; i++) { s += i % 7; } return s; }");
        Object sum = call(function, 0L);
        ProcessHandle first = Objects.requireNonNull(process.handle());
        Thread killer = Thread.ofPlatform().start(first::destroyForcibly);
        assertThat(call(function, 0L)).isEqualTo(sum);
        killer.join();
        assertThat(call(function, 0L)).isEqualTo(sum);
        assertThat(Objects.requireNonNull(process.handle()).pid()).isNotEqualTo(first.pid());
    }

    @Test
    void sharesProcessesBetweenJobs() {
        FunctionProcess.Places places = new FunctionProcess.Places(2);
        List<FunctionProcess> jobs =
                Stream.generate(() -> new FunctionProcess(places)).limit(4).toList();
        List<ScalarFunction.Body> functions = jobs.stream()
                .map(job -> of(job, "function main(a) { return a + 1; }"))
                .toList();
        for (long round = 0; round < 2; round++) {
            for (ScalarFunction.Body function : functions) {
                assertThat(call(function, round)).isEqualTo(round + 1);
                assertThat(jobs.stream()
                                .map(FunctionProcess::handle)
                                .filter(handle -> handle != null && handle.isAlive())
                                .count())
                        .isLessThanOrEqualTo(2);
            }
        }
    }

    @Test
    void waitsForABusyProcessOfAnotherJob() throws Exception {
        FunctionProcess.Places places = new FunctionProcess.Places(1);
        ScalarFunction.Body busy = of(
                new FunctionProcess(places),
                "function main(a) { for (var i = 0, s = 0; i < a; i++) { s += i % 7; } return 'done'; }");
        ScalarFunction.Body function = of(new FunctionProcess(places), "function main(a) { return a; }");
        assertThat(call(busy, 1L)).isEqualTo("done");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Object> busyCall = threads.submit(() -> call(busy, 1_000_000L));
            Future<Object> otherCall = threads.submit(() -> call(function, 1L));
            assertThat(busyCall.get()).isEqualTo("done");
            assertThat(otherCall.get()).isEqualTo(1L);
        }
    }

    /** Lets another job's call in, though a job with a backlog calls again and again and its process is idle for microseconds only; neither fails. */
    @Test
    void letsBusyJobsTakeTurns() throws Exception {
        FunctionProcess.Places places = new FunctionProcess.Places(1);
        String script = "function main(a) { for (var i = 0, s = 0; i < 200000; i++) { s += i % 7; } return a; }";
        ScalarFunction.Body busy = of(new FunctionProcess(places), script);
        List<ScalarFunction.Body> others = Stream.generate(() -> of(new FunctionProcess(places), script))
                .limit(3)
                .toList();
        AtomicBoolean enough = new AtomicBoolean();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Long> backlog = threads.submit(() -> {
                long calls = 0;
                while (!enough.get()) {
                    assertThat(call(busy, calls)).isEqualTo(calls);
                    calls++;
                }
                return calls;
            });
            for (long round = 0; round < 2; round++) {
                for (ScalarFunction.Body other : others) {
                    long argument = round;
                    assertThat(threads.submit(() -> call(other, argument)).get(60, TimeUnit.SECONDS))
                            .isEqualTo(argument);
                }
            }
            enough.set(true);
            assertThat(backlog.get(60, TimeUnit.SECONDS)).isPositive();
        }
    }

    @Test
    void endsWithItsParentThoughThatIsKilledInACall() throws IOException {
        Process owner = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        FunctionOwner.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        ProcessHandle worker =
                ProcessHandle.of(Long.parseLong(owner.inputReader().readLine())).orElseThrow();
        owner.destroyForcibly();
        await().atMost(Duration.ofSeconds(60)).until(() -> !worker.isAlive());
    }

    @Test
    void runsForManyThreadsAtOnce() {
        ScalarFunction.Body function =
                of("function main(a) { var s = 0; for (var i = 0; i <= a; i++) { s += i; } return s; }");
        assertThat(IntStream.range(0, 2000)
                        .parallel()
                        .allMatch(i -> call(function, (long) i).equals((long) i * (i + 1) / 2)))
                .isTrue();
    }
}
