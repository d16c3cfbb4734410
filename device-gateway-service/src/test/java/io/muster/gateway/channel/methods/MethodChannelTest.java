package io.muster.gateway.channel.methods;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.gateway.channel.ChannelMeters;
import io.muster.gateway.channel.ConnectionDouble;
import io.muster.gateway.channel.FleetLog;
import io.muster.gateway.channel.Handovers;
import io.muster.gateway.channel.Publish;
import io.muster.gateway.channel.Receipt;
import io.muster.records.Capability;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.records.MethodUnanswered;
import io.muster.records.MethodUndelivered;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MethodChannelTest {
    private final FleetLog fleet = new FleetLog();
    private final MethodChannel channel =
            new MethodChannel(fleet, new ChannelMeters(new SimpleMeterRegistry()), InstantSource.system());
    private final ConnectionDouble connection = new ConnectionDouble("d");

    private void call(String id, Duration time) {
        Handovers.deliver(channel, connection, request(id, time));
    }

    private static MethodRequest request(String id, Duration time) {
        return new MethodRequest(7L, id, "reboot", "{\"delay\":5}", Instant.EPOCH.plus(time));
    }

    private Receipt answer(String topic, String body) {
        Publish publish = new Publish(topic, Unpooled.copiedBuffer(body, StandardCharsets.UTF_8), false);
        return Objects.requireNonNull(channel.receive(connection, publish));
    }

    private static MethodAnswered answered(String id, int status, String body) {
        return new MethodAnswered(id, status, ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void publishesTheCall() {
        call("0a", Duration.ofSeconds(5));
        assertThat(connection.published).containsExactly("$iothub/methods/POST/reboot/?$rid=0a {\"delay\":5}");
        assertThat(fleet.reports).isEmpty();
        assertThat(connection.allocated()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "$iothub/methods/res/200/?$rid=0a,          200, 0a",
        "$iothub/methods/res/-1/?$rid=0a,           -1,  0a",
        "$iothub/methods/res/0/?%24rid=0a,          0,   0a",
        "$iothub/methods/res/404/?$rid=a/b?c=d,     404, a/b?c=d",
        "$iothub/methods/res/200/?x=y&$rid=0a&$z=1, 200, 0a",
        "$iothub/methods/res/200/?$rid=,            200, ''",
        "$iothub/methods/res/200/?$rid=%20x,        200, %20x"
    })
    void decodesAnAnswer(String topic, int status, String rid) {
        assertThat(MethodAnswer.parse(topic)).isEqualTo(new MethodAnswer(status, rid));
    }

    @Test
    void reportsTheAnswerOfACallAndAwaitsIt() {
        call("0a", Duration.ofSeconds(5));
        Receipt receipt = answer("$iothub/methods/res/200/?$rid=0a", "{}");
        assertThat(receipt.cause()).isEqualTo(Receipt.Cause.AWAITED);
        assertThat(receipt.written()).isCompleted();
        assertThat(fleet.reports).containsExactly(answered("0a", 200, "{}"));
        connection.pass(10_000);
        assertThat(fleet.reports).hasSize(1);
    }

    @Test
    void reportsAnAnswerToACallOfAnotherGatewayWithoutAwaitingIt() {
        Receipt receipt = answer("$iothub/methods/res/500/?$rid=unknown", "");
        assertThat(receipt.cause()).isEqualTo(Receipt.Cause.REQUEST);
        assertThat(fleet.reports).containsExactly(answered("unknown", 500, ""));
    }

    @Test
    void acknowledgesAnAnswerWhenItIsWritten() {
        fleet.slow = true;
        call("0a", Duration.ofSeconds(5));
        Receipt receipt = answer("$iothub/methods/res/200/?$rid=0a", "{}");
        assertThat(receipt.written()).isNotDone();
        fleet.open.getFirst().complete(null);
        assertThat(receipt.written()).isCompleted();
    }

    @Test
    void keepsACallOpenWhoseAnswerCouldNotBeWritten() {
        call("0a", Duration.ofSeconds(5));
        fleet.away = true;
        assertThat(answer("$iothub/methods/res/200/?$rid=0a", "{}").written()).isCompletedExceptionally();
        assertThat(channel.awaits("d")).isPositive();
        fleet.away = false;
        connection.pass(5_000);
        assertThat(fleet.reports).containsExactly(new MethodUnanswered("0a"));
    }

    @Test
    void reportsAnUnansweredCallAtItsTime() {
        call("0a", Duration.ofSeconds(5));
        connection.pass(4_999);
        assertThat(fleet.reports).isEmpty();
        connection.pass(1);
        assertThat(fleet.reports).containsExactly(new MethodUnanswered("0a"));
        assertThat(channel.awaits("d")).isZero();
    }

    @Test
    void repeatsTheReportOfAnUnansweredCallUntilItIsWritten() {
        call("0a", Duration.ofSeconds(5));
        fleet.away = true;
        connection.pass(5_000);
        fleet.away = false;
        connection.pass(1_000);
        connection.pass(1_000);
        assertThat(fleet.reports).containsExactly(new MethodUnanswered("0a"));
    }

    @Test
    void awaitsTheLongestOfTheOpenCalls() {
        call("0a", Duration.ofSeconds(5));
        call("0b", Duration.ofSeconds(9));
        connection.pass(1_000);
        assertThat(channel.awaits("d")).isEqualTo(Duration.ofSeconds(8));
        assertThat(channel.awaits("e")).isZero();
    }

    @Test
    void reportsACallUndeliveredOverAClosedConnection() {
        connection.open = false;
        call("0a", Duration.ofSeconds(5));
        assertUndelivered("connection closed", false);
    }

    @Test
    void reportsACallUndeliveredToADeviceThatTakesNoMethods() {
        connection.capabilities.remove(Capability.METHODS);
        call("0a", Duration.ofSeconds(5));
        assertUndelivered("not subscribed", false);
    }

    @Test
    void reportsACallExpiredThatWasInTheLogForTooLong() {
        connection.pass(5_001);
        call("0a", Duration.ofSeconds(5));
        assertUndelivered("expired", true);
    }

    @Test
    void reportsACallUndeliveredWhoseConnectionIsNotHere() {
        Handovers.miss(channel, "d", request("0a", Duration.ofSeconds(5)));
        assertUndelivered("no such connection", false);
    }

    private void assertUndelivered(String reason, boolean expired) {
        assertThat(connection.published).isEmpty();
        assertThat(fleet.reports).containsExactly(new MethodUndelivered("0a", reason, expired));
        assertThat(channel.awaits("d")).isZero();
    }
}
