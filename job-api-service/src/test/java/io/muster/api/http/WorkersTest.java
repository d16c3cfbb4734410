package io.muster.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.api.json.ProblemException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class WorkersTest {
    @Test
    void refusesWorkBeyondTheQueueAndDoesTheRest() {
        CountDownLatch go = new CountDownLatch(1);
        try (Workers workers = new Workers(1, 1, 1)) {
            CompletableFuture<Integer> first = workers.get(() -> awaiting(go, 1));
            CompletableFuture<Integer> second = workers.get(() -> awaiting(go, 2));
            CompletableFuture<Integer> third = workers.get(() -> 3);
            assertThat(third).isCompletedExceptionally();
            assertThatThrownBy(third::join)
                    .hasCauseInstanceOf(ProblemException.class)
                    .satisfies(thrown -> assertThat(((ProblemException) thrown.getCause())
                                    .problem()
                                    .status())
                            .isEqualTo(429));
            go.countDown();
            assertThat(first.join() + second.join()).isEqualTo(3);
        }
    }

    @Test
    void readsBodiesWhileQueriesAreCompiled() {
        CountDownLatch go = new CountDownLatch(1);
        try (Workers workers = new Workers(1, 1, 1)) {
            CompletableFuture<Integer> query = workers.get(() -> awaiting(go, 1));
            assertThat(workers.read(() -> CompletableFuture.completedFuture(2)).join())
                    .isEqualTo(2);
            go.countDown();
            assertThat(query.join()).isEqualTo(1);
        }
    }

    /** Answers a command that was carried out, so that it is not asked for again. */
    @Test
    void answersFinishedWorkHoweverMuchIsQueued() {
        CountDownLatch go = new CountDownLatch(1);
        try (Workers workers = new Workers(1, 1, 1)) {
            workers.get(() -> awaiting(go, 1));
            workers.get(() -> awaiting(go, 2));
            assertThat(workers.after(CompletableFuture.completedFuture(3)).join())
                    .isEqualTo(3);
            go.countDown();
        }
    }

    private static int awaiting(CountDownLatch go, int result) {
        try {
            go.await();
            return result;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
