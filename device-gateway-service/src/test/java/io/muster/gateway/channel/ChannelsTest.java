package io.muster.gateway.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.document.IdentityId;
import io.muster.gateway.GatewayChannels;
import io.muster.gateway.channel.messages.MessageChannel;
import io.muster.records.Capability;
import io.muster.records.ConnectionTerms;
import io.netty.buffer.Unpooled;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelsTest {
    private final FleetLog fleet = new FleetLog();
    private final Channels channels = GatewayChannels.of(fleet, new SimpleMeterRegistry(), InstantSource.system());

    @Test
    void offersEachFilterOfADevice() {
        assertThat(channels.filters(IdentityId.of("d")))
                .containsExactlyInAnyOrder(
                        new Filter("$iothub/methods/POST/#", Capability.METHODS),
                        new Filter("$iothub/twin/res/#", Capability.TWIN_ANSWERS),
                        new Filter("$iothub/twin/PATCH/properties/desired/#", Capability.DESIRED_CHANGES),
                        new Filter("devices/d/messages/devicebound/#", Capability.MESSAGES),
                        new Filter("$muster/tasks/orders/#", Capability.TASKS));
    }

    @Test
    void offersAModuleNoMessages() {
        assertThat(channels.filters(IdentityId.of("d/m")))
                .extracting(Filter::capability)
                .containsExactlyInAnyOrder(Capability.METHODS, Capability.TWIN_ANSWERS, Capability.DESIRED_CHANGES);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "devices/e/messages/events/",
                "devices/d/messages/eventsx",
                "devices/d/modules/m/messages/events/",
                "devices/d/messages/devicebound/",
                "$iothub/methods/POST/reboot/?$rid=1",
                "$iothub/methods/res/200/",
                "$iothub/methods/res/200/?",
                "$iothub/methods/res/two/?$rid=1",
                "$iothub/methods/res/1234567890/?$rid=1",
                "$iothub/methods/res/+1/?$rid=1",
                "$iothub/methods/res/２００/?$rid=1",
                "$iothub/twin/GET/",
                "$iothub/twin/GET?$rid=1",
                "$iothub/twin/PATCH/properties/desired/?$rid=1",
                "$iothub//?$rid=1",
                "$iothub/?$rid=1",
                "$IOTHUB/twin/GET/?$rid=1"
            })
    void leavesTopicsOfNoChannel(String topic) {
        assertThat(channels.receive(new ConnectionDouble("d"), new Publish(topic, Unpooled.EMPTY_BUFFER, false)))
                .isNull();
        assertThat(fleet.reports).isEmpty();
        assertThat(fleet.messages).isEmpty();
    }

    @Test
    void rejectsTwoChannelsForOneKindOfDelivery() {
        MessageChannel messages = new MessageChannel(fleet, new ChannelMeters(new SimpleMeterRegistry()));
        assertThatThrownBy(() -> new Channels(List.of(messages, messages), (_, _, _) -> Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void rejectsADeliveryOfNoChannel() {
        assertThatThrownBy(() -> channels.handover(ConnectionTerms.newBuilder()
                        .setCorrelationId("c")
                        .setEpoch(1)
                        .setKnown(false)
                        .build()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("ConnectionTerms");
    }
}
