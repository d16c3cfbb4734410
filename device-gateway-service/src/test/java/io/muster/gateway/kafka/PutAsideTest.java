package io.muster.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.codec.RecordCodec;
import io.muster.records.DeadLetter;
import io.muster.registry.InMemorySchemaRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PutAsideTest {
    private static final byte[] VALUE = "no delivery".getBytes(StandardCharsets.UTF_8);

    private final LogDouble log = new LogDouble();
    private final List<String> ends = new CopyOnWriteArrayList<>();
    private final LogWriter writer =
            new LogWriter(log.producer(), LogDouble::batch, new SimpleMeterRegistry(), ends::add);
    private final RecordCodec<DeadLetter> codec =
            new RecordCodec<>(new InMemorySchemaRegistry(), "dead-letters-value", DeadLetter.class);
    private final PutAside aside = new PutAside(writer, codec, () -> Instant.EPOCH);

    @AfterEach
    void stop() {
        writer.close();
    }

    private void putAside() {
        aside.add(new ConsumerRecord<>("deliveries", 3, 42, "d", VALUE), "no delivery");
    }

    private DeadLetter letter(LogDouble.Sent sent) {
        assertThat(sent.record().topic()).isEqualTo("dead-letters");
        return codec.decode(sent.record().value());
    }

    @Test
    void writesTheRecordItsPositionAndTheReason() throws InterruptedException {
        putAside();
        assertThat(aside.waiting()).isEqualTo(1);
        LogDouble.Sent sent = log.sent().take();
        DeadLetter letter = letter(sent);
        assertThat(letter.getTopic()).isEqualTo("deliveries");
        assertThat(letter.getPartition()).isEqualTo(3);
        assertThat(letter.getOffset()).isEqualTo(42);
        assertThat(letter.getReason()).isEqualTo("no delivery");
        assertThat(letter.getService()).isEqualTo("device-gateway-service");
        assertThat(StandardCharsets.UTF_8.decode(letter.getKey()).toString()).isEqualTo("d");
        assertThat(letter.getValue().array()).endsWith(VALUE);
        sent.callback().onCompletion(null, null);
        assertThat(aside.waiting()).isZero();
    }

    @Test
    void leavesTheValueOutOfADeadLetterThatIsTooLarge() throws InterruptedException {
        putAside();
        log.sent().take().callback().onCompletion(null, new RecordTooLargeException("large"));
        LogDouble.Sent smaller = log.sent().take();
        DeadLetter letter = letter(smaller);
        assertThat(letter.getValue()).isNull();
        assertThat(letter.getOffset()).isEqualTo(42);
        assertThat(aside.waiting()).isEqualTo(1);
        smaller.callback().onCompletion(null, null);
        assertThat(aside.waiting()).isZero();
        assertThat(ends).isEmpty();
    }

    @Test
    void writesADeadLetterOnceThereIsRoom() throws InterruptedException {
        // The second kind fills what the first leaves.
        for (int bytes : List.of(1 << 20, 0)) {
            ProducerRecord<String, byte[]> report = new ProducerRecord<>("device-reports", "d", new byte[bytes]);
            while (!writer.write(report).isCompletedExceptionally()) {
                // Until it is full.
            }
        }
        putAside();
        assertThat(aside.waiting()).as("the next batch waits").isEqualTo(1);
        List<String> topics = new ArrayList<>();
        while (!topics.contains("dead-letters")) {
            LogDouble.Sent next = log.sent().take();
            topics.add(next.record().topic());
            next.callback().onCompletion(null, null);
        }
        await().until(() -> aside.waiting() == 0);
    }
}
