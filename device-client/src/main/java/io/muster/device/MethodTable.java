package io.muster.device;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Finds the handler of a method by its name. Immutable and thread-safe. */
public final class MethodTable {
    /** Answers the calls of one method. */
    @FunctionalInterface
    public interface Handler {
        /** Answers a call, as {@link DeviceProgram#call} does. */
        CompletionStage<MethodAnswer> call(DeviceClient device, MethodCall call);
    }

    private final Map<String, Handler> handlers;

    public MethodTable(Map<String, Handler> handlers) {
        this.handlers = Map.copyOf(handlers);
    }

    /** Has the method's handler answer; a method without one is answered with 501. */
    public CompletionStage<MethodAnswer> call(DeviceClient device, MethodCall call) {
        @Nullable Handler handler = handlers.get(call.method());
        return handler == null
                ? CompletableFuture.completedFuture(MethodAnswer.notImplemented(call.method()))
                : handler.call(device, call);
    }
}
