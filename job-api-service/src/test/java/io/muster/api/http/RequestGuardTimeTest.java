package io.muster.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.json.Problem;
import io.muster.api.surface.Surfaces;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counts time as the guard of a connection does: a client is slow only while the server reads. */
class RequestGuardTimeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static EmbeddedChannel channel() {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        RequestGuard guard = new RequestGuard(
                new RestServer.Patience(PATIENCE, PATIENCE.multipliedBy(6)),
                new Surfaces(List.of()),
                (_, problem) -> RequestGuard.answer(
                        problem, Problem.serverError().message(), "application/json; charset=utf-8"));
        channel.pipeline().addLast(guard.new Arrivals(), new HttpServerCodec(), guard);
        return channel;
    }

    /** Lets time pass while the event loop works. */
    private static void pass(EmbeddedChannel channel, Duration time) {
        for (long second = 0; second < time.toSeconds(); second++) {
            channel.advanceTimeBy(1, TimeUnit.SECONDS);
            channel.runPendingTasks();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET / HTTP/1.1\r\nHost: local"})
    void closesAConnectionWhoseRequestIsSlow(String begin) {
        EmbeddedChannel channel = channel();
        if (!begin.isEmpty()) {
            channel.writeInbound(Unpooled.copiedBuffer(begin, StandardCharsets.US_ASCII));
        }
        pass(channel, PATIENCE.minusSeconds(1));
        assertThat(channel.isOpen()).isTrue();
        pass(channel, Duration.ofSeconds(4));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void countsNoTimeInWhichTheEventLoopStoodStill() {
        EmbeddedChannel channel = channel();
        pass(channel, Duration.ofSeconds(5));
        channel.advanceTimeBy(60, TimeUnit.SECONDS);
        channel.runPendingTasks();
        pass(channel, Duration.ofSeconds(2));
        assertThat(channel.isOpen()).as("seven seconds in which it was read").isTrue();
        pass(channel, Duration.ofSeconds(6));
        assertThat(channel.isOpen()).isFalse();
    }
}
