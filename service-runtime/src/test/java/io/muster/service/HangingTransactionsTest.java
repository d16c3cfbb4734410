package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HangingTransactionsTest {
    private static final long BEFORE = 1000;

    @ParameterizedTest
    @CsvSource({
        "true, 999, COMPLETE_ABORT, true",
        "true, 999, COMPLETE_COMMIT, true",
        "true, 999, EMPTY, true",
        "true, 999, , true",
        "true, 1000, COMPLETE_ABORT, false",
        "false, 999, COMPLETE_ABORT, false",
        "true, 999, ONGOING, false",
        "true, 999, PREPARE_COMMIT, false",
        "true, 999, PREPARE_ABORT, false",
        "true, 999, PREPARE_EPOCH_FENCE, false",
        "true, 999, UNKNOWN, false",
    })
    void oneHangsThatIsOpenAndOver(boolean open, long last, TransactionState state, boolean hangs) {
        ProducerState producer = new ProducerState(
                3, 318, 0, last, OptionalInt.of(0), open ? OptionalLong.of(297) : OptionalLong.empty());
        List<TransactionListing> known = state == null ? List.of() : List.of(new TransactionListing("id", 3, state));
        assertThat(HangingTransactions.hangs(producer, known, BEFORE)).isEqualTo(hangs);
    }
}
