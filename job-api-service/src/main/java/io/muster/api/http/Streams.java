package io.muster.api.http;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.server.netty.NettyHttpRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Makes answers that go on. */
public final class Streams {
    /** Bounds what is made ahead of a reader. */
    private static final int AHEAD = 2;

    /** Runs what may wait. */
    private static final Executor WAITING =
            task -> Thread.ofVirtual().name("body").start(task);

    private Streams() {}

    /**
     * Returns the same items, on the thread of the request's connection: an item that another thread hands over is still on its way when the
     * connection ends, and the server logs each of those.
     */
    public static <T> Flux<T> onConnection(HttpRequest<?> request, Publisher<T> items) {
        return Flux.from(items).publishOn(connection(request));
    }

    private static Scheduler connection(HttpRequest<?> request) {
        return Schedulers.fromExecutor(
                ((NettyHttpRequest<?>) request).getChannelHandlerContext().executor());
    }

    /** Returns the pieces of a body, made as fast as the caller reads them, on a thread that may wait. @param open makes the body when it is read */
    public static Flux<byte[]> of(HttpRequest<?> request, Callable<? extends Pieces> open) {
        return Flux.<byte[], Pieces>generate(open::call, Streams::emit, Streams::close)
                .subscribeOn(Schedulers.fromExecutor(WAITING))
                .publishOn(connection(request), AHEAD);
    }

    private static Pieces emit(Pieces pieces, SynchronousSink<byte[]> sink) {
        try {
            byte[] piece = pieces.next();
            if (piece == null) {
                sink.complete();
            } else {
                sink.next(piece);
            }
        } catch (IOException e) {
            sink.error(e);
        }
        return pieces;
    }

    private static void close(Pieces pieces) {
        try {
            pieces.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
