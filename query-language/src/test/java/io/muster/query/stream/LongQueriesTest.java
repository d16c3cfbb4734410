package io.muster.query.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.query.Expression;
import io.muster.query.QueryException;
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

/** A text must not decide how deep the stack gets: each is compiled and evaluated, or refused, on a thread with a small one. */
class LongQueriesTest {
    /** Half of what a thread has where nobody says. */
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
        }
        texts.add("SELECT a FROM t WHERE " + chain(500_000, "1", "+") + " = 1");
        return texts.stream();
    }

    @ParameterizedTest
    @Timeout(60)
    @MethodSource("texts")
    void noTextOverflowsAStack(String text) throws InterruptedException {
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

    private static void evaluate(Expression condition) {
        condition.evaluate(new Row(Map.of("a", 1L)));
    }

    /** As deep as JSON is read. */
    @Test
    void deepRecordsAreComparedAndHaveAnOrder() throws InterruptedException {
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

    private record Row(Map<String, Object> record) implements StreamRow {
        @Override
        public long time() {
            return 0;
        }

        @Override
        public Object member(String name) {
            return StreamValues.member(record, name);
        }
    }
}
