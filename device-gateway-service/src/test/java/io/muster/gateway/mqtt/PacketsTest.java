package io.muster.gateway.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.DesiredChanged;
import io.muster.records.MethodRequest;
import io.muster.records.Refusal;
import io.muster.records.RefusalReason;
import io.muster.records.ReportedAnswer;
import io.muster.records.TwinAnswer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.mqtt.MqttEncoder;
import io.netty.handler.codec.mqtt.MqttMessage;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class PacketsTest {
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);

    /** A packet that was written leaves no memory behind: a gateway sends millions. */
    @Test
    void whatIsWrittenIsReleased() {
        Refusal refusal = new Refusal(RefusalReason.TOO_LARGE, "too \"large\"");
        List<MqttMessage> packets = List.of(
                Packets.method(allocator, new MethodRequest(1L, "0a", "reboot", "{}", Instant.EPOCH)),
                Packets.desired(allocator, new DesiredChanged(1L, "{\"a\":1}", 2L)),
                Packets.twin(allocator, new TwinAnswer(1L, "r", "{}", 1L, "{}", 1L)),
                Packets.reported(allocator, new ReportedAnswer(1L, "r", 2L, null), Instant.EPOCH),
                Packets.reported(allocator, new ReportedAnswer(1L, "r", 0L, refusal), Instant.EPOCH));
        EmbeddedChannel channel = new EmbeddedChannel(MqttEncoder.INSTANCE);
        channel.config().setAllocator(allocator);
        packets.forEach(channel::writeOutbound);
        ByteBuf written = channel.readOutbound();
        while (written != null) {
            written.release();
            written = channel.readOutbound();
        }
        assertThat(allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory())
                .isZero();
    }
}
