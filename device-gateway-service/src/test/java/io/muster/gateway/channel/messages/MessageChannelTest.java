package io.muster.gateway.channel.messages;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.gateway.channel.ChannelMeters;
import io.muster.gateway.channel.ConnectionDouble;
import io.muster.gateway.channel.FleetLog;
import io.muster.gateway.channel.Handovers;
import io.muster.records.Capability;
import io.muster.records.CloudMessage;
import io.muster.records.MessageAcknowledged;
import io.muster.records.MessageRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MessageChannelTest {
    private final FleetLog fleet = new FleetLog();
    private final MessageChannel channel = new MessageChannel(fleet, new ChannelMeters(new SimpleMeterRegistry()));
    private final ConnectionDouble connection = new ConnectionDouble("d");

    private void deliver(Map<String, String> properties) {
        CloudMessage message = CloudMessage.newBuilder()
                .setExpiresAt(Instant.EPOCH)
                .setProperties(properties)
                .setBody(ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8)))
                .build();
        Handovers.deliver(channel, connection, new MessageRequest(7L, 3L, message));
    }

    @Test
    void publishesTheMessageWithItsPropertiesInOneSegment() {
        deliver(Map.of("a/b&c", "x=y #+"));
        assertThat(connection.published)
                .containsExactly("devices/d/messages/devicebound/a%2Fb%26c=x%3Dy%20%23%2B"
                        + "&%24.to=%2Fdevices%2Fd%2Fmessages%2Fdevicebound hello");
    }

    @Test
    void reportsAMessageOnceTheDeviceHasAcknowledgedIt() {
        deliver(Map.of());
        assertThat(fleet.reports).isEmpty();
        assertThat(connection.unacknowledged.getFirst().get()).isCompleted();
        assertThat(fleet.reports).containsExactly(new MessageAcknowledged(3L));
    }

    @Test
    void failsAnAcknowledgementThatCannotBeWritten() {
        deliver(Map.of());
        fleet.away = true;
        assertThat(connection.unacknowledged.getFirst().get()).isCompletedExceptionally();
    }

    @Test
    void leavesAMessageWithTheFleetWhereTheSessionTakesNone() {
        connection.capabilities.remove(Capability.MESSAGES);
        deliver(Map.of());
        assertThat(connection.published).isEmpty();
        assertThat(fleet.reports).isEmpty();
    }

    @Test
    void leavesAMessageWithTheFleetWhereTheConnectionHasEnded() {
        connection.open = false;
        deliver(Map.of());
        assertThat(connection.published).isEmpty();
        assertThat(fleet.reports).isEmpty();
    }
}
