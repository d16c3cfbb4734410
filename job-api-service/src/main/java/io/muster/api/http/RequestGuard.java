package io.muster.api.http;

import io.muster.api.json.Problem;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import io.muster.api.surface.Surfaces;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Guards one connection: refuses what is no request, gives paths their normal form, and closes a connection that is slow to send a
 * request or sends none, that sends more requests than it has had answers to, or that does not read its answers. Nothing of a refused request reaches a route, so none of it is logged or kept. One a connection; runs on
 * the connection's event loop.
 */
final class RequestGuard extends ChannelDuplexHandler {
    private static final Duration LINGER = Duration.ofMillis(250);
    private static final int CHECKS = 5;

    /** Answers that a connection may be owed: each takes memory until it is read, and no client that we know sends a second request before. */
    static final int MOST_UNANSWERED = 4;

    private static final long NEVER = Long.MIN_VALUE;

    /** Notes for the guard that bytes arrived: it stands in front of the decoder, where a request is not whole yet. */
    final class Arrivals extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            if (arrivingSince == NEVER) {
                arrivingSince = nanoTime(ctx);
            }
            ctx.fireChannelRead(bytes);
        }
    }

    private final RestServer.Patience patience;
    private final Surfaces surfaces;
    private final BiFunction<HttpRequest, Problem, FullHttpResponse> refusal;
    private long arrivingSince = NEVER;
    private long idleSince = NEVER;
    private long stalledSince = NEVER;
    private long checkedAt;
    private long unwritten;
    /** Counts the bytes of the body since the time for it began: a larger body has the time of a request for each MiB. */
    private long arrived;

    private int unanswered;
    private boolean refused;
    private boolean upgraded;
    /** Notes whether more of a request's body is to come. */
    private boolean receiving;

    /** Guards one connection, which has sent nothing yet. @param surfaces to which requests are led @param refusal makes the answer to a request that is refused */
    RequestGuard(
            RestServer.Patience patience,
            Surfaces surfaces,
            BiFunction<HttpRequest, Problem, FullHttpResponse> refusal) {
        this.surfaces = surfaces;
        this.patience = patience;
        this.refusal = refusal;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        arrivingSince = nanoTime(ctx);
        checkedAt = arrivingSince;
        Duration every = (patience.request().compareTo(patience.idle()) < 0 ? patience.request() : patience.idle())
                .dividedBy(CHECKS);
        var checks = ctx.executor()
                .scheduleWithFixedDelay(
                        () -> check(ctx, every), every.toNanos(), every.toNanos(), TimeUnit.NANOSECONDS);
        ctx.channel().closeFuture().addListener(_ -> checks.cancel(false));
    }

    private static long nanoTime(ChannelHandlerContext ctx) {
        return ctx.executor().ticker().nanoTime();
    }

    private void check(ChannelHandlerContext ctx, Duration every) {
        long now = nanoTime(ctx);
        forgive(now - checkedAt - every.toNanos());
        checkedAt = now;
        noteProgress(ctx, now);
        if (!upgraded
                && (isOver(arrivingSince, patience.request(), now)
                        || isOver(idleSince, patience.idle(), now)
                        || isOver(stalledSince, patience.idle(), now))) {
            ctx.close();
        }
    }

    /** Counts no time in which this event loop stood still: bytes of the client may have waited unread meanwhile. */
    private void forgive(long late) {
        if (late > 0) {
            arrivingSince = arrivingSince == NEVER ? NEVER : arrivingSince + late;
            idleSince = idleSince == NEVER ? NEVER : idleSince + late;
            stalledSince = stalledSince == NEVER ? NEVER : stalledSince + late;
        }
    }

    /** Notes whether something was written of what waits to be: a slow reader is waited for, and one that stands still is not. */
    private void noteProgress(ChannelHandlerContext ctx, long now) {
        long before = unwritten;
        ChannelOutboundBuffer waiting = ctx.channel().unsafe().outboundBuffer();
        unwritten = waiting == null ? 0 : waiting.totalPendingWriteBytes() - waiting.currentProgress();
        if (unwritten != before && idleSince != NEVER) {
            idleSince = now;
        }
        if (unwritten == 0 || unwritten != before) {
            stalledSince = NEVER;
        } else if (stalledSince == NEVER) {
            stalledSince = now;
        }
    }

    private static boolean isOver(long since, Duration limit, long now) {
        return since != NEVER && now - since > limit.toNanos();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (refused) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof ByteBuf) {
            // Behind a handshake, and before its answer, for which a client has to wait. Source: RFC 6455, 4.1.
            refused = true;
            ReferenceCountUtil.release(message);
            ctx.close();
            return;
        }
        if (message instanceof HttpRequest request) {
            @Nullable Problem fault = RequestRules.fault(request).orElse(null);
            if (fault == null) {
                Arrival arrival = RequestRules.arrival(request);
                Surface surface = surfaces.serving(arrival);
                String path = surface.path(arrival);
                fault = upgradeFault(request, surface.isWebSocket(arrival.path()))
                        .or(() -> RequestRules.bodyFault(
                                request, surface.largestBody(request.method().name(), path)))
                        .orElse(null);
                if (fault == null) {
                    acceptAny(request);
                    keepSent(request, path);
                    request.setUri(RequestRules.mounted(surface.mount(), path, request.uri()));
                }
            }
            if (fault != null) {
                refuse(ctx, request, fault);
                ReferenceCountUtil.release(message);
                return;
            }
            unanswered++;
            receiving = HttpUtil.isTransferEncodingChunked(request) || HttpUtil.getContentLength(request, 0L) > 0;
            if (unanswered > MOST_UNANSWERED) {
                refused = true;
                ReferenceCountUtil.release(message);
                ctx.close();
                return;
            }
            idleSince = NEVER;
            arrived = 0;
            if (arrivingSince == NEVER) {
                arrivingSince = nanoTime(ctx); // It came in one packet with the end of the request before it.
            }
        }
        if (message instanceof HttpContent content) {
            arrived += content.content().readableBytes();
            if (arrived >= Surface.LARGEST_BODY) {
                arrived = 0;
                arrivingSince = nanoTime(ctx);
            }
        }
        if (message instanceof LastHttpContent) {
            arrivingSince = NEVER;
            receiving = false;
        }
        ctx.fireChannelRead(message);
    }

    /** Has the framework lead a request to its route whatever types its client names: no answer depends on them but where a route reads them itself. */
    private static void acceptAny(HttpRequest request) {
        List<String> named = request.headers().getAll(HttpHeaderNames.ACCEPT);
        if (!named.isEmpty()) {
            request.headers().set(HttpHeaderNames.ACCEPT, String.join(",", named) + ",*/*;q=0.001");
        }
    }

    /** Keeps the path that a client sent, where it is led to another. */
    private static void keepSent(HttpRequest request, String path) {
        String sent = RequestRules.path(request.uri());
        if (sent.equals(path)) {
            request.headers().remove(Arrival.SENT);
        } else {
            request.headers().set(Arrival.SENT, sent);
        }
    }

    /** Returns the reason to refuse a handshake. Another request asks for no WebSocket behind this, and none asks for an extension of it. */
    private static Optional<Problem> upgradeFault(HttpRequest request, boolean webSocket) {
        request.headers().remove(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS);
        if (webSocket) {
            return RequestRules.handshakeFault(request);
        }
        request.headers().remove(HttpHeaderNames.UPGRADE);
        return Optional.empty();
    }

    /** Refuses a request and ends its connection: where the next request would begin is unknown. Behind answers that are still to come it just closes. */
    private void refuse(ChannelHandlerContext ctx, HttpRequest request, Problem problem) {
        refused = true;
        FullHttpResponse answer = refusal.apply(request, problem);
        if (unanswered > 0) {
            ctx.close();
            return;
        }
        answer.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        ctx.writeAndFlush(answer, closingBehind(ctx, ctx.newPromise()));
    }

    /** Has the connection closed a moment after its last write: at once, the bytes that the client still sends would reset it, and the answer with it. */
    private static ChannelPromise closingBehind(ChannelHandlerContext ctx, ChannelPromise lastWrite) {
        ctx.channel().config().setAutoRead(true);
        return lastWrite
                .unvoid()
                .addListener(_ -> ctx.executor().schedule(() -> ctx.close(), LINGER.toMillis(), TimeUnit.MILLISECONDS));
    }

    static FullHttpResponse answer(Problem problem, String body, String contentType) {
        FullHttpResponse answer = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(problem.status(), problem.name()),
                Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
        answer.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, contentType)
                .setInt(HttpHeaderNames.CONTENT_LENGTH, answer.content().readableBytes());
        return answer;
    }

    /** Returns whether an answer to the last request comes before the end of its body. */
    private boolean isEarly(boolean interim) {
        return receiving && unanswered == 1 && !interim && !upgraded && !refused;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        boolean interim = false;
        if (message instanceof HttpResponse response) {
            upgraded |= response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS);
            interim = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
            if (isEarly(interim)) {
                response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            }
        }
        if (message instanceof LastHttpContent && isEarly(interim)) {
            // Nobody reads the rest of the body, behind which the next request would come.
            refused = true;
            ctx.write(message, closingBehind(ctx, promise));
            return;
        }
        if (message instanceof LastHttpContent && !interim && !refused) {
            unanswered--;
            if (unanswered == 0) {
                idleSince = nanoTime(ctx);
            }
        }
        ctx.write(message, promise);
    }
}
