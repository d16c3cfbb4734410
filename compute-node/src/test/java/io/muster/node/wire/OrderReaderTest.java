package io.muster.node.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.muster.node.work.Order;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OrderReaderTest {
    @Test
    void boundsTimesThatHaveMoreNanosecondsThanCanBeCounted() {
        String order = """
                {"poolId":"p","token":{"taskId":"t","placement":1},"slots":1,
                 "program":{"command":["true"],"graceSeconds":922337203685,"wallClockSeconds":922337203685,"idleSeconds":9223372036854775807}}
                """;

        Order.Start start = (Order.Start) OrderReader.read("start", order.getBytes(StandardCharsets.UTF_8));

        assertThat(Stream.of(
                        start.program().grace(),
                        start.program().wallClock().orElseThrow(),
                        start.program().idle().orElseThrow()))
                .allSatisfy(time -> {
                    assertThat(time).isGreaterThan(Duration.ofDays(36_000));
                    assertThatCode(time::toNanos).doesNotThrowAnyException();
                });
    }
}
