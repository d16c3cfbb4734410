package io.muster.gateway.mqtt;

import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Runs what follows from a future on a channel's event loop, whichever thread completes it. */
final class EventLoopCallback {
    private EventLoopCallback() {}

    /** Runs the action on the channel's event loop, unless the channel is closed by then. */
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
