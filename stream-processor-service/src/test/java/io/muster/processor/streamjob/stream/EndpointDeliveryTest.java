package io.muster.processor.streamjob.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.muster.processor.Interrupted;
import io.muster.service.endpoint.EndpointAccess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An endpoint that is away, and a log that fails at each call in turn: all rows are posted nevertheless, in order. */
class EndpointDeliveryTest {
    private static final String TOPIC = "rows";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int MOST_CALLS = 40;

    private final List<String> taken = new CopyOnWriteArrayList<>();
    private final AtomicInteger away = new AtomicInteger();
    private HttpServer server;

    /** As a log: what was read is read again behind a seek. */
    private static final class Rows extends MockConsumer<byte[], byte[]> {
        private final List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();

        private Rows() {
            super("earliest");
            for (String row : List.of("a", "b", "c")) {
                all.add(new ConsumerRecord<>(
                        TOPIC,
                        0,
                        all.size(),
                        row.getBytes(StandardCharsets.UTF_8),
                        "{}".getBytes(StandardCharsets.UTF_8)));
            }
            updateBeginningOffsets(Map.of(PARTITION, 0L));
            schedulePollTask(() -> {
                rebalance(List.of(PARTITION));
                all.forEach(this::addRecord);
            });
        }

        @Override
        public synchronized void seek(TopicPartition partition, OffsetAndMetadata offset) {
            super.seek(partition, offset);
            all.forEach(this::addRecord);
        }

        @Override
        public synchronized void seekToBeginning(Collection<TopicPartition> partitions) {
            super.seekToBeginning(partitions);
            all.forEach(this::addRecord);
        }
    }

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            boolean takes = away.getAndDecrement() <= 0;
            if (takes) {
                taken.addAll(List.of(exchange.getRequestHeaders()
                        .getFirst("Muster-Result-Ids")
                        .split(",")));
            }
            exchange.sendResponseHeaders(takes ? 200 : 503, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    static Stream<Supplier<RuntimeException>> troubles() {
        return Stream.of(
                () -> new TimeoutException("the broker is away"),
                () -> new KafkaException("the broker is odd"),
                () -> new IllegalStateException("a partition is somebody else's now"));
    }

    @ParameterizedTest
    @MethodSource("troubles")
    @SuppressWarnings("unchecked")
    void everyRowIsPostedWhicheverCallFails(Supplier<RuntimeException> trouble) {
        StreamJobDefinition.Output.ToEndpoint endpoint = new StreamJobDefinition.Output.ToEndpoint(
                URI.create("http://localhost:" + server.getAddress().getPort() + "/rows"), 2, true);
        for (int failing = 2; failing <= MOST_CALLS; failing++) {
            taken.clear();
            away.set(2);
            AtomicInteger calls = new AtomicInteger();
            Consumer<byte[], byte[]> log = Interrupted.at(Consumer.class, new Rows(), calls, failing, trouble);
            int number = failing;
            try (EndpointDelivery delivery = new EndpointDelivery(
                            endpoint, TOPIC, log, EndpointAccess.of("localhost"), Duration.ofMillis(1))
                    .start()) {
                await("call " + number)
                        .atMost(LIMIT)
                        .until(() -> taken.contains("c")
                                && calls.get() > number
                                && delivery.trouble().isEmpty());
            }
            assertThat(taken.stream().distinct()).as("call %s", number).containsExactly("a", "b", "c");
        }
    }
}
