package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.service.HangingTransactions.Verdict;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class HangingTransactionsTest {
    private static final long BEFORE = 1000;

    @ParameterizedTest
    @CsvSource({
        "true, 999, COMPLETE_ABORT, HANGS",
        "true, 999, COMPLETE_COMMIT, HANGS",
        "true, 999, EMPTY, HANGS",
        "true, 1000, COMPLETE_ABORT, LIVES",
        "false, 999, COMPLETE_ABORT, LIVES",
        "true, 999, ONGOING, LIVES",
        "true, 999, PREPARE_COMMIT, LIVES",
        "true, 999, PREPARE_ABORT, LIVES",
        "true, 999, PREPARE_EPOCH_FENCE, LIVES",
        "true, 999, UNKNOWN, LIVES",
    })
    void hangsWhereItIsOpenAndItsCoordinatorSaysThatItIsOver(
            boolean open, long last, TransactionState state, Verdict verdict) {
        assertThat(HangingTransactions.verdict(
                        producer(open, last), List.of(new TransactionListing("id", 3, state)), BEFORE))
                .isEqualTo(verdict);
    }

    /** Leaves transactions that go on and whose ids the service may not describe, such as a customer's: brokers do not list them. */
    @Test
    void isUnknownWhenNoCoordinatorListsIt() {
        assertThat(HangingTransactions.verdict(producer(true, 0), List.of(), BEFORE))
                .isEqualTo(Verdict.UNKNOWN);
        assertThat(HangingTransactions.verdict(producer(false, 0), List.of(), BEFORE))
                .isEqualTo(Verdict.LIVES);
        assertThat(HangingTransactions.verdict(producer(true, BEFORE), List.of(), BEFORE))
                .isEqualTo(Verdict.LIVES);
    }

    @Test
    void livesWhileOneOfSeveralIsOngoing() {
        assertThat(HangingTransactions.verdict(
                        producer(true, 0),
                        List.of(
                                new TransactionListing("a", 3, TransactionState.COMPLETE_ABORT),
                                new TransactionListing("b", 3, TransactionState.ONGOING)),
                        BEFORE))
                .isEqualTo(Verdict.LIVES);
    }

    @Test
    void warnsAboutEachPartition() throws InterruptedException {
        Logger logger = (Logger) LoggerFactory.getLogger(HangingTransactions.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try (HangingTransactions watch = new HangingTransactions(
                new KafkaConnection("127.0.0.1:1", Map.of()),
                "x",
                Set::of,
                Duration.ZERO,
                new SimpleMeterRegistry(),
                InstantSource.system())) {
            for (int time = 0; time < 2; time++) {
                for (int partition : new int[] {3, 4}) {
                    watch.decide(new TopicPartition("t", partition), producer(true, 0), List.of());
                }
            }
        } finally {
            logger.detachAppender(log);
        }
        assertThat(log.list).hasSize(2);
        assertThat(log.list.getFirst().getFormattedMessage()).contains("partition=t-3");
        assertThat(log.list.getLast().getFormattedMessage()).contains("partition=t-4");
    }

    private static ProducerState producer(boolean open, long last) {
        return new ProducerState(
                3, 318, 0, last, OptionalInt.of(0), open ? OptionalLong.of(297) : OptionalLong.empty());
    }
}
