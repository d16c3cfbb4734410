package io.muster.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectQueueTest {
    private final List<Integer> begun = new ArrayList<>();

    private ConnectQueue<Integer> queue(int rate, int devices) {
        ConnectQueue<Integer> queue = new ConnectQueue<>(rate);
        for (int device = 0; device < devices; device++) {
            queue.add(device);
        }
        return queue;
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "50, 50", "1000, 1000", "250, 250"})
    void beginsSoManyInASecond(int rate, int expected) {
        ConnectQueue<Integer> queue = queue(rate, 5000);
        for (int tick = 0; tick < 1000 / ConnectQueue.TICK_MS; tick++) {
            queue.tick(device -> {
                begun.add(device);
                queue.settled();
            });
        }
        assertThat(begun.size()).isBetween(expected - 1, expected + 1);
        assertThat(begun).isSorted();
    }

    @Test
    void beginsNoMoreWhileTooManyAreUnderWay() {
        ConnectQueue<Integer> queue = queue(100_000, 5000);
        queue.tick(begun::add);
        assertThat(begun).hasSize(256);
        queue.tick(begun::add);
        assertThat(begun).hasSize(256);
        queue.settled();
        queue.tick(begun::add);
        assertThat(begun).hasSize(257);
    }

    /** Saves up no burst while the queue is empty. */
    @Test
    void savesUpNoAllowance() {
        ConnectQueue<Integer> queue = new ConnectQueue<>(100);
        for (int tick = 0; tick < 1000; tick++) {
            queue.tick(begun::add);
        }
        queue.add(1);
        queue.add(2);
        queue.add(3);
        queue.tick(begun::add);
        assertThat(begun).containsExactly(1, 2);
    }
}
