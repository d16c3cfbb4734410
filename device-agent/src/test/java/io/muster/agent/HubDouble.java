package io.muster.agent;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.mqtt.MqttConnectMessage;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttDecoder;
import io.netty.handler.codec.mqtt.MqttEncoder;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubscribeMessage;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Serves MQTT to simulated devices and remembers what they publish: the topic, a blank and the body. */
final class HubDouble implements AutoCloseable {
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Map<String, Channel> devices = new ConcurrentHashMap<>();
    final List<String> published = new CopyOnWriteArrayList<>();
    final AtomicInteger connects = new AtomicInteger();
    volatile String twin = "{\"desired\":{\"$version\":1},\"reported\":{\"$version\":1}}";
    private final Channel listener = new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childHandler(new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel channel) {
                    channel.pipeline().addLast(MqttEncoder.INSTANCE, new MqttDecoder(1 << 20), new Link());
                }
            })
            .bind("127.0.0.1", 0)
            .syncUninterruptibly()
            .channel();

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    Set<String> connected() {
        return Set.copyOf(devices.keySet());
    }

    /** Returns the patches of reported properties. */
    List<String> reported() {
        return published.stream()
                .filter(entry -> entry.startsWith("$iothub/twin/PATCH/"))
                .map(entry -> entry.substring(entry.indexOf(' ') + 1))
                .toList();
    }

    void publish(String deviceId, String topic, String body) {
        write(Objects.requireNonNull(devices.get(deviceId)), topic, body);
    }

    private static void write(Channel channel, String topic, String body) {
        channel.writeAndFlush(MqttMessageBuilders.publish()
                .topicName(topic)
                .qos(MqttQoS.AT_MOST_ONCE)
                .payload(Unpooled.copiedBuffer(body, StandardCharsets.UTF_8))
                .build());
    }

    private final class Link extends SimpleChannelInboundHandler<MqttMessage> {
        private String deviceId = "";

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, MqttMessage message) {
            switch (message) {
                case MqttConnectMessage connect -> {
                    deviceId = connect.payload().clientIdentifier();
                    connects.incrementAndGet();
                    devices.put(deviceId, ctx.channel());
                    ctx.writeAndFlush(MqttMessageBuilders.connAck()
                            .returnCode(MqttConnectReturnCode.CONNECTION_ACCEPTED)
                            .build());
                }
                case MqttSubscribeMessage subscribe -> {
                    MqttMessageBuilders.SubAckBuilder suback = MqttMessageBuilders.subAck()
                            .packetId(subscribe.variableHeader().messageId());
                    subscribe.payload().topicSubscriptions().forEach(_ -> suback.addGrantedQoses(MqttQoS.AT_MOST_ONCE));
                    ctx.writeAndFlush(suback.build());
                }
                case MqttPublishMessage publish -> published(ctx.channel(), publish);
                default -> {}
            }
        }

        private void published(Channel channel, MqttPublishMessage publish) {
            String topic = publish.variableHeader().topicName();
            String rid = topic.substring(topic.indexOf("$rid=") + 1);
            published.add(topic + " " + publish.payload().toString(StandardCharsets.UTF_8));
            if (publish.fixedHeader().qosLevel() == MqttQoS.AT_LEAST_ONCE) {
                channel.writeAndFlush(MqttMessageBuilders.pubAck()
                        .packetId(publish.variableHeader().packetId())
                        .build());
            } else if (topic.startsWith("$iothub/twin/GET/")) {
                write(channel, "$iothub/twin/res/200/?$" + rid, twin);
            } else if (topic.startsWith("$iothub/twin/PATCH/")) {
                write(channel, "$iothub/twin/res/204/?$" + rid + "&$version=2", "");
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            devices.remove(deviceId, ctx.channel());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 1000, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
