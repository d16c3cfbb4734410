package io.muster.api.http;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.server.netty.NettyHttpRequest;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** Makes answers that go on. */
public final class Streams {
    /** Bounds what is made ahead of a reader. */
    private static final int AHEAD = 2;

    private static final long UNREAD_SECONDS = 30;

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
        return Schedulers.fromExecutor(executor(request));
    }

    private static EventExecutor executor(HttpRequest<?> request) {
        return ((NettyHttpRequest<?>) request).getChannelHandlerContext().executor();
    }

    /** Returns the pieces of a body, made as fast as the caller reads them, on a thread that may wait. @param open makes the body when it is read */
    public static Flux<byte[]> of(HttpRequest<?> request, Callable<? extends Pieces> open) {
        return Flux.<byte[], Pieces>generate(open::call, Streams::emit, Streams::close)
                .subscribeOn(Schedulers.fromExecutor(WAITING))
                .publishOn(connection(request), AHEAD)
                .filter(piece -> piece.length > 0);
    }

    /** Returns the same items until a time has gone by: it ends on the thread of the request's connection, as they come there. */
    public static <T> Flux<T> during(Duration time, HttpRequest<?> request, Flux<T> items) {
        return items.take(time, Schedulers.fromExecutorService(executor(request)));
    }

    /** Returns the pieces of a body that holds places until it has been read; they are given back where nobody begins to read it within half a minute, too. */
    public static Flux<byte[]> holding(HttpRequest<?> request, Places.Taken places, Callable<? extends Pieces> open) {
        AtomicBoolean begun = new AtomicBoolean();
        CompletableFuture.delayedExecutor(UNREAD_SECONDS, TimeUnit.SECONDS).execute(() -> {
            if (begun.compareAndSet(false, true)) {
                places.close();
            }
        });
        return of(request, () -> {
            if (!begun.compareAndSet(false, true)) {
                throw new IllegalStateException("nobody began to read an answer in time");
            }
            try {
                return open.call().andThen(places::close);
            } catch (Exception e) {
                places.close();
                throw e;
            }
        });
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
