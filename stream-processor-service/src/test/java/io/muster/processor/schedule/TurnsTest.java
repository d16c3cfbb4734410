package io.muster.processor.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Tests that calls of one receiver wait for each other, and for no others. */
class TurnsTest {
    @Test
    void boundsTheCallsOfOneReceiverAndOfNoOther() throws Exception {
        Turns turns = new Turns(1);
        try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
            Turns.Taken first = turns.take("a");
            turns.take("b").close();
            Future<Turns.Taken> second = workers.submit(() -> turns.take("a"));
            Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> turns.waiting("a") == 1);
            assertThat(second.isDone()).isFalse();
            first.close();
            second.get(10, TimeUnit.SECONDS).close();
        }
        assertThat(turns.waiting("a")).isZero();
    }
}
