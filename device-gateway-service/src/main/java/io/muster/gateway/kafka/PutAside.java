package io.muster.gateway.kafka;

import io.muster.codec.RecordCodec;
import io.muster.records.DeadLetter;
import io.muster.service.DeadLetters;
import io.muster.topics.Topics;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes deliveries that can't be used to the dead letters. A letter that is refused for lack of memory is written again a second later, and
 * one that is too large without the record's value, which its position leads to. The caller waits for letters that are not written, so
 * that they are few. Thread-safe.
 */
final class PutAside {
    private static final Logger LOG = LoggerFactory.getLogger(PutAside.class);
    private static final String SERVICE = "device-gateway-service";
    private static final Executor LATER = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS);

    private final LogWriter log;
    private final RecordCodec<DeadLetter> codec;
    private final InstantSource clock;
    private final AtomicInteger waiting = new AtomicInteger();

    PutAside(LogWriter log, RecordCodec<DeadLetter> codec, InstantSource clock) {
        this.log = log;
        this.codec = codec;
        this.clock = clock;
    }

    void add(ConsumerRecord<String, byte[]> record, String reason) {
        LOG.warn("A delivery is put aside, offset={} reason={}", record.offset(), reason);
        waiting.incrementAndGet();
        write(DeadLetters.of(SERVICE, record, reason, clock.instant()));
    }

    private void write(DeadLetter letter) {
        log.write(new ProducerRecord<>(Topics.DEAD_LETTERS.name(), codec.encode(letter)))
                .whenComplete((_, error) -> {
                    if (error == null) {
                        waiting.decrementAndGet();
                    } else if (!(error instanceof RecordTooLargeException)) {
                        LATER.execute(() -> write(letter));
                    } else if (letter.getValue() != null) {
                        write(DeadLetter.newBuilder(letter).setValue(null).build());
                    } else {
                        waiting.decrementAndGet();
                        LOG.error("A dead letter is too large without its value, offset={}", letter.getOffset());
                    }
                });
    }

    /** Counts letters that are not written yet. */
    int waiting() {
        return waiting.get();
    }
}
