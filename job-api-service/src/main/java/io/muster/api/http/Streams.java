package io.muster.api.http;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.server.netty.NettyHttpRequest;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** Makes answers that go on. */
public final class Streams {
    private Streams() {}

    /**
     * Returns the same items, on the thread of the request's connection: an item that another thread hands over is still on its way when the
     * connection ends, and the server logs each of those.
     */
    public static <T> Flux<T> onConnection(HttpRequest<?> request, Publisher<T> items) {
        return Flux.from(items)
                .publishOn(Schedulers.fromExecutor(((NettyHttpRequest<?>) request)
                        .getChannelHandlerContext()
                        .executor()));
    }
}
