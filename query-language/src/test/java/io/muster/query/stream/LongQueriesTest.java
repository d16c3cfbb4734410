package io.muster.query.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.muster.query.device.Condition;
import io.muster.query.device.Query;
import io.muster.query.kernel.Expression;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Values;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compiles and evaluates long texts, or refuses them, on a thread with a small stack: no text decides how deep the stack gets. */
class LongQueriesTest {
    /** Holds half of the stack that a thread has by default, in bytes. */
    private static final long SMALL = 512 * 1024;

    private static String times(int count, String text) {
        return text.repeat(count);
    }

    private static String chain(int count, String term, String operator) {
        return IntStream.range(0, count).mapToObj(_ -> term).collect(Collectors.joining(operator));
    }

    static Stream<String> texts() {
        List<String> texts = new ArrayList<>();
        for (int count : new int[] {99, 999, 2000, 15_000}) {
            texts.add("SELECT a FROM t WHERE " + chain(count, "1", "+") + " = 1");
            texts.add("SELECT a FROM t WHERE " + chain(count, "1", " * ") + " = 1");
            texts.add("SELECT a FROM t WHERE " + chain(count, "a=1", " AND "));
            texts.add("SELECT a FROM t WHERE " + chain(count, "a=1", " OR "));
            texts.add("SELECT a FROM t WHERE a IN (" + chain(count, "1", ",") + ")");
            texts.add("SELECT a FROM t WHERE " + times(count, "NOT ") + "a = 1");
            texts.add("SELECT a FROM t WHERE " + times(count, "- ") + "1 = 1");
            texts.add("SELECT a FROM t WHERE " + times(count, "(") + "1" + times(count, ")") + " = 1");
            texts.add("SELECT a FROM t WHERE " + times(count, "(") + "1 = 1" + times(count, ")"));
            texts.add("SELECT a FROM t WHERE " + times(count, "1 + (") + "1" + times(count, ")") + " = 1");
            texts.add("SELECT a FROM t WHERE " + times(count, "ABS(") + "1" + times(count, ")") + " = 1");
            texts.add("SELECT a FROM t WHERE " + times(count, "CASE WHEN a = 1 THEN ") + "1"
                    + times(count, " ELSE 2 END") + " = 1");
            texts.add("SELECT a FROM t WHERE CASE " + times(count, "WHEN a = 2 THEN 1 ") + "ELSE 2 END = 1");
            texts.add("SELECT a FROM t WHERE LEN(CONCAT(" + chain(count, "a", ",") + ")) = 1");
            texts.add("SELECT a FROM t WHERE " + chain(count, "a", ".") + " = 1");
            texts.add("SELECT " + chain(count, "1", ",") + " FROM t");
            texts.add("SELECT x.a FROM t x " + times(count, "CROSS APPLY GetArrayElements(x.a) AS e "));
            texts.add("SELECT a FROM t " + times(count, "UNION SELECT a FROM t "));
            texts.add("SELECT COUNT(*) FROM t GROUP BY " + chain(count, "a", ",") + ", SnapshotWindow()");
            texts.add("SELECT a FROM t WHERE a LIKE '" + times(count, "%a") + "'");
            texts.add("SELECT " + times(count, "[") + " FROM t");
            texts.add("SELECT a FROM t x" + times(count, " JOIN t y ON 1 = 1"));
            texts.add("SELECT a FROM t WHERE a" + times(count, ".end") + " = 1 OR " + times(count, "(") + "1 = 1"
                    + times(count, ")"));
            texts.add("SELECT a FROM t WHERE " + times(count, "CASE WHEN end = 1 THEN ") + "1"
                    + times(count, " ELSE 2 END") + " = 1");
            texts.add("SELECT a FROM t WHERE " + times(count, "CASE WHEN a.end = 1 THEN ") + "1");
        }
        for (int levels : new int[] {8, 45}) {
            texts.add("SELECT a FROM t WHERE " + times(levels, times(50, "NOT ") + "(") + "1 = 1" + times(levels, ")"));
            texts.add("SELECT a FROM t WHERE " + times(levels, times(50, "- ") + "(") + "1" + times(levels, ")")
                    + " = 1");
        }
        texts.add("SELECT a FROM t WHERE " + chain(500_000, "1", "+") + " = 1");
        return texts.stream();
    }

    @ParameterizedTest
    @Timeout(60)
    @MethodSource("texts")
    void overflowsNoStackByAnyText(String text) throws InterruptedException {
        assertThat(failure(SMALL, () -> {
                    try {
                        StreamQuery query = StreamQuery.parse(text, Set.of());
                        query.outputs().stream()
                                .flatMap(output ->
                                        Stream.ofNullable(output.select().where()))
                                .forEach(LongQueriesTest::evaluate);
                    } catch (QueryException refused) {
                        assertThat(refused).hasMessageContaining("Line 1:");
                    }
                }))
                .isNull();
    }

    /** Returns conditions of IoT Hub, in which CASE and END are names like others; none is longer than a condition may be. */
    static Stream<String> conditions() {
        List<String> texts = new ArrayList<>();
        for (int count : new int[] {60, 500, 1345}) {
            String brackets = times(count, "(") + "1 = 1" + times(count, ")");
            texts.add(brackets);
            texts.add("a" + times(1300 - count / 4, ".end") + " = 1 OR " + brackets);
            texts.add("a = 1 OR " + times(count, "NOT ") + "a = 1");
            texts.add(times(count, "- ") + "1 = 1");
            texts.add(times(count, "1 + (") + "1" + times(count, ")") + " = 1");
            texts.add(times(count, "ABS(") + "1" + times(count, ")") + " = 1");
            texts.add("a = " + times(count, "["));
            texts.add("a IN " + times(count, "["));
            texts.add("a" + times(count, ".b") + " = 1");
            texts.add(chain(count, "1", "+") + " = 1");
            texts.add(chain(count, "a=1", " OR "));
            texts.add("a IN [" + chain(count, "1", ",") + "]");
        }
        for (int levels : new int[] {8, 38}) {
            texts.add(times(levels, times(50, "NOT ") + "(") + "1 = 1" + times(levels, ")"));
            texts.add(times(levels, times(50, "- ") + "(") + "1" + times(levels, ")") + " = 1");
        }
        return texts.stream();
    }

    @ParameterizedTest
    @Timeout(60)
    @MethodSource("conditions")
    void overflowsNoStackByAnyCondition(String text) throws InterruptedException {
        assertThat(failure(SMALL, () -> {
                    try {
                        Condition condition = Condition.parse(text);
                        condition.matches(name -> name.equals("a") ? (Object) 1L : Values.UNDEFINED);
                    } catch (QueryException refused) {
                        assertThat(refused).hasMessageContaining("Line 1:");
                    }
                    try {
                        Query.parse("SELECT * FROM devices WHERE " + text);
                    } catch (QueryException refused) {
                        assertThat(refused).hasMessageContaining("Line 1:");
                    }
                }))
                .isNull();
    }

    /** Cuts the sentence, which is kept as a diagnostic of the job and is in each answer about it. */
    @Test
    void cutsASentenceAboutALongLiteral() {
        assertThatThrownBy(() -> StreamQuery.parse("SELECT a FROM t WHERE " + "'".repeat(60_000), Set.of()))
                .isInstanceOf(QueryException.class)
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1200));
    }

    @Test
    void countsNoNestingForNamesThatAreKeywordsElsewhere() throws QueryException {
        assertThat(Condition.parse(chain(60, "tags.case = 1", " OR ")).equalities())
                .isEmpty();
        assertThat(StreamQuery.parse(
                                "SELECT a" + times(60, ".end") + ", "
                                        + chain(60, "CASE WHEN end = 1 THEN 1 ELSE 2 END", ",") + " FROM t",
                                Set.of())
                        .inputs())
                .containsExactly("t");
    }

    /** Compiles a long text in brackets once a level, as the allocated memory shows. */
    @ParameterizedTest
    @ValueSource(strings = {"(", "ABS(", "CONCAT(k, "})
    void compilesBracketsOfAGroupedSelectOnce(String bracket) throws QueryException {
        String text = "SELECT COUNT(*) AS n FROM t GROUP BY k, TumblingWindow(second, 1) HAVING " + times(45, bracket)
                + "'" + times(60_000, "x") + "'" + times(45, ")") + " = '1'";
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        assertThat(StreamQuery.parse(text, Set.of()).outputs()).hasSize(1);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1L << 30);
    }

    /** Makes steps that each read the one before so many times: an event would reach the output in more ways with each step. */
    private static String steps(int count, String select) {
        return "WITH s0 AS (SELECT * FROM t)"
                + IntStream.range(1, count)
                        .mapToObj(step -> ", s" + step + " AS (" + select.replace("before", "s" + (step - 1)) + ")")
                        .collect(Collectors.joining())
                + " SELECT k FROM s" + (count - 1);
    }

    private static final String TWICE = "SELECT * FROM before UNION SELECT * FROM before";
    private static final String WITH_ITSELF =
            "SELECT a.* FROM before a JOIN before b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 0 AND 0";

    @ParameterizedTest
    @ValueSource(strings = {TWICE, WITH_ITSELF, "SELECT k FROM before"})
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void compilesAFewSteps(String select) throws QueryException {
        assertThat(StreamQuery.parse(steps(10, select), Set.of()).steps()).hasSize(10);
    }

    @ParameterizedTest
    @ValueSource(strings = {TWICE, WITH_ITSELF})
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void limitsTheWaysOfAnEventToAThousand(String select) {
        assertThatThrownBy(() -> StreamQuery.parse(steps(40, select), Set.of()))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("more than 1000 ways");
    }

    @ParameterizedTest
    @ValueSource(strings = {TWICE, WITH_ITSELF, "SELECT k FROM before"})
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void limitsStepsToTwoHundred(String select) {
        assertThatThrownBy(() -> StreamQuery.parse(steps(500, select), Set.of()))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("up to 200 steps");
    }

    private static void evaluate(Expression condition) {
        condition.evaluate(new RecordRow(Map.of("a", 1L)));
    }

    /** Compares records that are as deep as JSON may be. */
    @Test
    void comparesAndOrdersDeepRecords() throws InterruptedException {
        Object one = 1L;
        Object other = 1L;
        for (int depth = 0; depth < 999; depth++) {
            one = new HashMap<>(Map.of("a", one));
            other = new HashMap<>(Map.of("a", other));
        }
        Object first = one;
        Object second = other;
        assertThat(failure(2 * SMALL, () -> {
                    assertThat(StreamValues.equal(first, second)).isEqualTo(true);
                    assertThat(StreamValues.order(first, second)).isZero();
                }))
                .isNull();
    }

    private static Throwable failure(long stack, Runnable work) throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(null, work, "small", stack);
        thread.setUncaughtExceptionHandler((_, e) -> failure.set(e));
        thread.start();
        thread.join();
        return failure.get();
    }
}
