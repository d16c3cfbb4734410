package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.codec.Codecs;
import io.muster.records.DeadLetter;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.topics.RecordSizes;
import io.muster.topics.Topics;
import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeadLettersTest {
    private static final int MIB = 1 << 20;

    /** Leaves out a key or a value that our own topics would not take: others may write it where a topic allows more. */
    @ParameterizedTest
    @CsvSource({
        "1, 8388608, true, true",
        "1, 8388609, true, false",
        "524288, 8388608, true, true",
        "524289, 1, false, true",
        "20971520, 20971520, false, false",
    })
    void fitsALetterIntoItsTopic(int key, int value, boolean keepsKey, boolean keepsValue) {
        DeadLetter letter = DeadLetters.of(
                "planner",
                new ConsumerRecord<>("t", 3, 17, "k".repeat(key), new byte[value]),
                "no schema",
                Instant.EPOCH);
        assertThat(letter.getKey() != null).isEqualTo(keepsKey);
        assertThat(letter.getValue() != null).isEqualTo(keepsValue);
        assertThat(letter.getReason())
                .isEqualTo("no schema"
                        + (keepsKey ? "" : "; its key of " + key + " bytes is left out")
                        + (keepsValue ? "" : "; its value of " + value + " bytes is left out"));
        assertThat(letter.getOffset()).isEqualTo(17);
        assertThat(new Codecs(new InMemorySchemaRegistry())
                        .of(Topics.DEAD_LETTERS)
                        .encode(letter))
                .hasSizeLessThan(RecordSizes.LARGEST_LETTER - MIB / 4);
    }
}
