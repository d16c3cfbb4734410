package io.muster.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class HealthCheckTest {
    private static final OperationsServer.Address ANYWHERE = new OperationsServer.Address("127.0.0.1", 0);

    private static URI ready(OperationsServer server) {
        return URI.create("http://127.0.0.1:" + server.port() + "/health/ready");
    }

    @Test
    void waitsUntilAllAreReady() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (OperationsServer slow =
                        OperationsServer.start(ANYWHERE, Meters.create("slow"), () -> asked.incrementAndGet() > 2);
                OperationsServer quick = OperationsServer.start(ANYWHERE, Meters.create("quick"), () -> true)) {
            assertThat(HealthCheck.run(List.of(ready(slow), ready(quick)), Duration.ofMinutes(1)))
                    .isEmpty();
            assertThat(asked).hasValue(3);
        }
    }

    @Test
    void namesServicesThatAreUnreadyOrAway() throws Exception {
        URI away;
        try (OperationsServer ended = OperationsServer.start(ANYWHERE, Meters.create("ended"), () -> true)) {
            away = ready(ended);
        }
        try (OperationsServer starting = OperationsServer.start(ANYWHERE, Meters.create("starting"), () -> false)) {
            assertThat(HealthCheck.run(List.of(ready(starting), away), Duration.ZERO))
                    .containsExactly(
                            ready(starting) + " answers with status 503.",
                            away + " does not answer (ConnectException).");
        }
    }
}
