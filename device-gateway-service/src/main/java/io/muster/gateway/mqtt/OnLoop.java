package io.muster.gateway.mqtt;

import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Brings what completes on any thread back to a channel's own. */
final class OnLoop {
    private OnLoop() {}

    /** Runs the action on the channel's thread, unless the channel is closed by then. */
    static <T> void then(
            ChannelHandlerContext ctx,
            CompletableFuture<T> future,
            BiConsumer<@Nullable T, @Nullable Throwable> action) {
        future.whenComplete((value, error) -> ctx.executor().execute(() -> {
            if (ctx.channel().isActive()) {
                action.accept(value, error);
            }
        }));
    }
}
