package io.muster.api.http;

import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import io.micronaut.http.netty.channel.ChannelPipelineCustomizer;
import io.micronaut.http.server.netty.NettyServerCustomizer;
import io.muster.api.json.Problem;
import io.muster.api.surface.Surface;
import io.muster.api.surface.Surfaces;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.ssl.SslHandler;
import jakarta.inject.Singleton;
import java.util.UUID;

/** Puts our guards into the pipeline of every connection. */
@Singleton
final class ServerPipeline implements BeanCreatedEventListener<NettyServerCustomizer.Registry> {
    private final Limits limits;
    private final Surfaces surfaces;
    private final Connections connections;
    private final ApiMeters meters;
    private final Time time;

    /** Bounds one address, and one connection. */
    record Limits(int connectionsPerAddress, RestServer.Patience patience) {}

    ServerPipeline(Limits limits, Surfaces surfaces, ApiMeters meters, Time time) {
        this.surfaces = surfaces;
        this.limits = limits;
        this.connections = new Connections(limits.connectionsPerAddress(), meters::refusedConnection);
        this.meters = meters;
        this.time = time;
    }

    @Override
    public NettyServerCustomizer.Registry onCreated(BeanCreatedEvent<NettyServerCustomizer.Registry> event) {
        event.getBean().register(new NettyServerCustomizer() {
            @Override
            public NettyServerCustomizer specializeForChannel(Channel channel, ChannelRole role) {
                return role == ChannelRole.CONNECTION ? guarding(channel) : this;
            }
        });
        return event.getBean();
    }

    private NettyServerCustomizer guarding(Channel channel) {
        return new NettyServerCustomizer() {
            @Override
            public void onInitialPipelineBuilt() {
                ChannelPipeline pipeline = channel.pipeline();
                boolean secure = pipeline.get(SslHandler.class) != null;
                RequestGuard guard = new RequestGuard(
                        limits.patience(), surfaces, (request, problem) -> refusal(request, problem, secure));
                pipeline.addFirst("muster-connections", connections);
                pipeline.addBefore(
                        ChannelPipelineCustomizer.HANDLER_HTTP_SERVER_CODEC, "muster-arrivals", guard.new Arrivals());
                pipeline.addAfter(ChannelPipelineCustomizer.HANDLER_HTTP_SERVER_CODEC, "muster-guard", guard);
            }
        };
    }

    private FullHttpResponse refusal(HttpRequest request, Problem fault, boolean secure) {
        Surface surface = surfaces.serving(RequestRules.arrival(request));
        Problem problem = surface.named(fault);
        meters.answered(request.method().name(), problem.status(), problem.name());
        Surface.Envelope envelope = surface.envelope(problem, RequestRules.path(request.uri()), time.now());
        FullHttpResponse answer = RequestGuard.answer(problem, envelope.body(), envelope.contentType());
        envelope.headers().forEach((name, value) -> answer.headers().set(name, value));
        if (problem.status() == HttpResponseStatus.UPGRADE_REQUIRED.code()) {
            answer.headers().set(HttpHeaderNames.SEC_WEBSOCKET_VERSION, RequestRules.WEB_SOCKET_VERSION);
        }
        answer.headers().set("x-ms-request-id", UUID.randomUUID().toString());
        SecurityHeaders.each(
                secure,
                request.headers().get(HttpHeaderNames.HOST),
                (name, value) -> answer.headers().set(name, value));
        return answer;
    }
}
