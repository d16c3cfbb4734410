package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.topics.RecordSizes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GathererTest {
    private record Batch(String key, List<Integer> elements) {}

    private static final int MOST = 100;

    private final List<Batch> sent = new ArrayList<>();
    private final Gatherer<String, Integer> gatherer =
            new Gatherer<>(MOST, (key, elements) -> sent.add(new Batch(key, elements)));

    private static List<Integer> numbers(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    @Test
    void gathersByKeyInOrderUntilAllIsSent() {
        gatherer.add("a", 1, 1);
        gatherer.add("b", 2, 1);
        gatherer.add("a", 3, 1);
        assertThat(sent).isEmpty();
        gatherer.sendAll();
        gatherer.sendAll();
        assertThat(sent).containsExactly(new Batch("a", List.of(1, 3)), new Batch("b", List.of(2)));
    }

    @Test
    void sendsABatchThatHasAsManyElementsAsItMay() {
        for (int i = 0; i < MOST + 1; i++) {
            gatherer.add("a", i, 1);
        }
        assertThat(sent).containsExactly(new Batch("a", numbers(0, MOST)));
        gatherer.sendAll();
        assertThat(sent).last().isEqualTo(new Batch("a", List.of(MOST)));
    }

    @Test
    void sendsABatchThatHasAsManyBytesAsItMay() {
        int third = RecordSizes.BATCH / 3 + 1;
        for (int i = 0; i < 4; i++) {
            gatherer.add("a", i, third);
        }
        assertThat(sent).containsExactly(new Batch("a", numbers(0, 3)));
    }

    @Test
    void handsOverABatchToBeSentWithMore() {
        gatherer.add("a", 1, 1);
        assertThat(gatherer.take("a")).containsExactly(1);
        assertThat(gatherer.take("a")).isEmpty();
        gatherer.sendAll();
        assertThat(sent).isEmpty();
    }
}
