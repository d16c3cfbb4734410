package io.muster.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TopicsTest {
    static Stream<Arguments> topics() {
        Topics.Incoming unknown = new Topics.Incoming.Unknown();
        return Stream.of(
                Arguments.of("$iothub/methods/POST/m/?$rid=0a", new Topics.Incoming.Method("m", "0a")),
                Arguments.of("$iothub/methods/POST/a/b/?x=1&$rid=0a&y", new Topics.Incoming.Method("a/b", "0a")),
                Arguments.of("$iothub/methods/POST/m/?$rid=", new Topics.Incoming.Method("m", "")),
                Arguments.of("$iothub/methods/POST/m/", unknown),
                Arguments.of("$iothub/methods/POST/m/?rid=1", unknown),
                Arguments.of("$iothub/twin/PATCH/properties/desired/?$version=3", new Topics.Incoming.DesiredChange()),
                Arguments.of("$iothub/twin/res/200/?$rid=1", new Topics.Incoming.TwinAnswer(200, "1", 0)),
                Arguments.of("$iothub/twin/res/204/?$rid=1&$version=7", new Topics.Incoming.TwinAnswer(204, "1", 7)),
                Arguments.of("$iothub/twin/res/204/?$rid=1&$version=x", unknown),
                Arguments.of("$iothub/twin/res/?$rid=1", unknown),
                Arguments.of("devices/d/messages/devicebound/a=1", new Topics.Incoming.Message("a=1")),
                Arguments.of("$muster/tasks/orders/p", new Topics.Incoming.Orders("p")),
                Arguments.of("$muster/tasks/orders/", new Topics.Incoming.Orders("")),
                Arguments.of("$muster/tasks/reports/p", unknown),
                Arguments.of("devices/e/messages/devicebound/a=1", unknown),
                Arguments.of("", unknown));
    }

    @ParameterizedTest
    @MethodSource("topics")
    void decodes(String topic, Object incoming) {
        assertThat(Topics.parse("d", topic)).isEqualTo(incoming);
    }
}
