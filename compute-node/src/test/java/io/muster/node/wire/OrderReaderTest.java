package io.muster.node.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.muster.node.work.Order;
import io.muster.node.work.Token;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderReaderTest {
    @Test
    void boundsTimesThatHaveMoreNanosecondsThanCanBeCounted() {
        String order = """
                [{"type":"start","token":{"taskId":"t","placement":1},"slots":1,
                 "program":{"command":["true"],"graceSeconds":922337203685,"wallClockSeconds":922337203685,"idleSeconds":9223372036854775807}}]
                """;

        Order.Start start = (Order.Start) OrderReader.read("p", order.getBytes(StandardCharsets.UTF_8))
                .orders()
                .getFirst();

        assertThat(Stream.of(
                        start.program().grace(),
                        start.program().wallClock().orElseThrow(),
                        start.program().idle().orElseThrow()))
                .allSatisfy(time -> {
                    assertThat(time).isGreaterThan(Duration.ofDays(36_000));
                    assertThatCode(time::toNanos).doesNotThrowAnyException();
                });
    }

    @Test
    void readsTheOrdersBesideOneThatItCannotRead() {
        OrderReader.Read read = OrderReader.read("p", """
                [{"type":"lease","number":1},{"type":"dance"},{"type":"lease","number":"2"},{"type":"start","token":{"taskId":"t","placement":1}},
                 {"type":"lease","number":3}]
                """.getBytes(StandardCharsets.UTF_8));

        assertThat(read.orders())
                .containsExactly(
                        new Order.Lease("p", 1),
                        new Order.StartUnreadable("p", new Token("t", 1), "slots is a whole number."),
                        new Order.Lease("p", 3));
        assertThat(read.unreadable()).containsExactly("There is no order dance.", "number is a whole number.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{\"type\":\"lease\",\"number\":1}", "7"})
    void readsNothingThatIsNoList(String body) {
        OrderReader.Read read = OrderReader.read("p", body.getBytes(StandardCharsets.UTF_8));
        assertThat(read.orders()).isEmpty();
        assertThat(read.unreadable()).hasSize(1);
    }
}
