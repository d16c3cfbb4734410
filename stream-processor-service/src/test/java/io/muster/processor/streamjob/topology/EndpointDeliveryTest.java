package io.muster.processor.streamjob.topology;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.muster.service.endpoint.EndpointAccess;
import io.muster.service.trouble.MemoryLog;
import io.muster.service.trouble.Trial;
import io.muster.service.trouble.Trouble;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Posts all rows in order, though the endpoint is away and the log fails at each call in turn. */
class EndpointDeliveryTest {
    private static final String TOPIC = "rows";
    private static final List<String> ROWS = List.of("a", "b", "c", "d", "e");
    private static final int CALLS = 40;
    private static final Set<Trouble> ENDING = EnumSet.of(Trouble.INTERRUPTED, Trouble.OUT_OF_STACK);

    private final List<String> taken = new CopyOnWriteArrayList<>();
    private final AtomicInteger away = new AtomicInteger();
    private HttpServer server;

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

    @Test
    void postsEveryRowInOrderOrEndsWhicheverCallFails() {
        RunnableStreamJob.Output.ToEndpoint endpoint = new RunnableStreamJob.Output.ToEndpoint(
                URI.create("http://localhost:" + server.getAddress().getPort() + "/rows"), 2, true);
        new Trial(CALLS, ENDING).run((faults, fatal) -> {
            taken.clear();
            away.set(2);
            Consumer<byte[], byte[]> rows = log().consumer();
            rows.subscribe(List.of(TOPIC));
            EndpointDelivery delivery = new EndpointDelivery(
                            endpoint,
                            TOPIC,
                            faults.of(Consumer.class, rows),
                            EndpointAccess.of("localhost"),
                            Duration.ofMillis(1),
                            fatal)
                    .start();
            return new Trial.Loop() {
                @Override
                public boolean isReady() {
                    return delivery.trouble().isEmpty();
                }

                @Override
                public boolean isDone() {
                    List<String> first = taken.stream().distinct().toList();
                    assertThat(first).as("in order").isEqualTo(ROWS.subList(0, first.size()));
                    return first.equals(ROWS);
                }

                @Override
                public void close() {
                    delivery.close();
                }
            };
        });
    }

    private static MemoryLog<byte[]> log() {
        MemoryLog<byte[]> log = new MemoryLog<>(TOPIC);
        ROWS.forEach(
                row -> log.add(TOPIC, row.getBytes(StandardCharsets.UTF_8), "{}".getBytes(StandardCharsets.UTF_8)));
        return log;
    }
}
