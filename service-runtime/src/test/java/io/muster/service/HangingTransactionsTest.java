package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.service.HangingTransactions.Verdict;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
    void oneHangsThatIsOpenAndOver(boolean open, long last, TransactionState state, Verdict verdict) {
        assertThat(HangingTransactions.verdict(
                        producer(open, last), List.of(new TransactionListing("id", 3, state)), BEFORE))
                .isEqualTo(verdict);
    }

    /** Brokers leave out transactions whose ids the service may not describe: a customer's, while they are going on. */
    @Test
    void oneThatNoCoordinatorListsIsUnknownAndNotOver() {
        assertThat(HangingTransactions.verdict(producer(true, 0), List.of(), BEFORE))
                .isEqualTo(Verdict.UNKNOWN);
        assertThat(HangingTransactions.verdict(producer(false, 0), List.of(), BEFORE))
                .isEqualTo(Verdict.LIVES);
        assertThat(HangingTransactions.verdict(producer(true, BEFORE), List.of(), BEFORE))
                .isEqualTo(Verdict.LIVES);
    }

    @Test
    void oneOfSeveralThatIsGoingOnKeepsItAlive() {
        assertThat(HangingTransactions.verdict(
                        producer(true, 0),
                        List.of(
                                new TransactionListing("a", 3, TransactionState.COMPLETE_ABORT),
                                new TransactionListing("b", 3, TransactionState.ONGOING)),
                        BEFORE))
                .isEqualTo(Verdict.LIVES);
    }

    private static ProducerState producer(boolean open, long last) {
        return new ProducerState(
                3, 318, 0, last, OptionalInt.of(0), open ? OptionalLong.of(297) : OptionalLong.empty());
    }
}
