package io.muster.node;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
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
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttDecoder;
import io.netty.handler.codec.mqtt.MqttEncoder;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.handler.codec.mqtt.MqttMessageBuilders;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubscribeMessage;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Is a hub and a pool to one node: orders what a test says, and is as slow, silent and abrupt as a test says. */
final class PoolHub implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Is what an attempt wrote. */
    record Output(String taskId, long placement, String stream, long offset, byte[] bytes) {}

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Channel listener;
    final List<Channel> links = new CopyOnWriteArrayList<>();
    final List<JsonNode> reports = new CopyOnWriteArrayList<>();
    final List<Output> outputs = new CopyOnWriteArrayList<>();
    /** Holds reports and output by their types, in order. */
    final List<String> log = new CopyOnWriteArrayList<>();

    volatile String twin = "";
    volatile @Nullable String joins = "default";
    volatile int leaseSeconds = 15;
    volatile boolean leases = true;
    volatile boolean acknowledgesExits = true;
    volatile boolean again;
    volatile boolean acknowledges = true;
    volatile boolean acknowledgesOutput = true;
    volatile boolean accepts = true;
    /** Counts the bytes of output; they are not kept where {@link #keepsOutput} is false. */
    volatile long outputBytes;

    volatile boolean keepsOutput = true;

    PoolHub() {
        listener = new ServerBootstrap()
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
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    private final class Link extends SimpleChannelInboundHandler<MqttMessage> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, MqttMessage message) throws IOException {
            switch (message.fixedHeader().messageType()) {
                case CONNECT -> {
                    if (!accepts) {
                        context.close();
                        return;
                    }
                    links.add(context.channel());
                    context.writeAndFlush(MqttMessageBuilders.connAck()
                            .returnCode(MqttConnectReturnCode.CONNECTION_ACCEPTED)
                            .build());
                }
                case SUBSCRIBE -> {
                    MqttSubscribeMessage subscribe = (MqttSubscribeMessage) message;
                    MqttMessageBuilders.SubAckBuilder suback = MqttMessageBuilders.subAck()
                            .packetId(subscribe.variableHeader().messageId());
                    subscribe.payload().topicSubscriptions().forEach(_ -> suback.addGrantedQoses(MqttQoS.AT_MOST_ONCE));
                    context.writeAndFlush(suback.build());
                    String pool = joins;
                    if (pool != null) {
                        join(pool);
                    }
                }
                case PUBLISH -> published(context, (MqttPublishMessage) message);
                case PINGREQ -> context.writeAndFlush(MqttMessage.PINGRESP);
                case DISCONNECT -> log.add("DISCONNECT");
                default -> {}
            }
        }

        private void published(ChannelHandlerContext context, MqttPublishMessage message) throws IOException {
            String topic = message.variableHeader().topicName();
            byte[] body = ByteBufUtil.getBytes(message.payload());
            boolean isOutput = topic.startsWith("$muster/tasks/output/");
            if (message.fixedHeader().qosLevel() == MqttQoS.AT_LEAST_ONCE
                    && acknowledges
                    && (acknowledgesOutput || !isOutput)) {
                context.writeAndFlush(MqttMessageBuilders.pubAck()
                        .packetId(message.variableHeader().packetId())
                        .build());
            }
            if (topic.startsWith("$iothub/twin/PATCH/properties/reported/")) {
                twin = new String(body, StandardCharsets.UTF_8);
                publish(
                        "$iothub/twin/res/204/?$rid=" + topic.substring(topic.indexOf("$rid=") + 5) + "&$version=2",
                        "");
            } else if (isOutput) {
                output(topic, body);
            } else if (topic.startsWith("$muster/tasks/reports/")) {
                String pool = topic.substring("$muster/tasks/reports/".length());
                JSON.readTree(body).forEach(report -> report(pool, report));
            }
        }

        private void output(String topic, byte[] body) {
            outputBytes += body.length;
            String[] values = new String[4];
            List<String> names = List.of("taskId", "placement", "stream", "offset");
            for (String pair : topic.substring(topic.indexOf("/?") + 2).split("&")) {
                int equals = pair.indexOf('=');
                values[names.indexOf(pair.substring(0, equals))] =
                        URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8);
            }
            if (keepsOutput) {
                outputs.add(
                        new Output(values[0], Long.parseLong(values[1]), values[2], Long.parseLong(values[3]), body));
                log.add("output " + values[0] + " acknowledged " + (acknowledges && acknowledgesOutput));
            }
        }

        private void report(String pool, JsonNode report) {
            reports.add(report);
            String type = report.path("type").asText();
            if (type.equals("node")) {
                if (leases) {
                    order(
                            "lease",
                            JSON.createObjectNode()
                                    .put("number", report.path("number").asLong()),
                            pool);
                }
                return;
            }
            log.add(type + " " + report.at("/token/taskId").asText());
            if (type.equals("exited") && acknowledgesExits) {
                ObjectNode order = JSON.createObjectNode();
                order.set("token", report.path("token"));
                order.put("again", again);
                order("acknowledge", order, pool);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    private void publish(String topic, String body) {
        links.getLast()
                .writeAndFlush(MqttMessageBuilders.publish()
                        .topicName(topic)
                        .qos(MqttQoS.AT_MOST_ONCE)
                        .payload(Unpooled.copiedBuffer(body, StandardCharsets.UTF_8))
                        .build());
    }

    void join(String pool) {
        order("join", JSON.createObjectNode().put("leaseSeconds", leaseSeconds), pool);
    }

    void order(String name, ObjectNode order, String pool) {
        publish("$muster/tasks/orders/" + pool, "[" + order.put("type", name) + "]");
    }

    /** Orders something about the attempt of placement 1. */
    void order(String name, String taskId) {
        ObjectNode order = JSON.createObjectNode();
        order.putObject("token").put("taskId", taskId).put("placement", 1);
        order(name, order, "default");
    }

    /** Orders to start a script of bash. */
    void start(String taskId, String script) {
        ObjectNode program = JSON.createObjectNode();
        program.putArray("command").add("bash").add("-c").add(script);
        start(taskId, program);
    }

    void start(String taskId, ObjectNode program) {
        start(taskId, 1, program);
    }

    void start(String taskId, int placement, ObjectNode program) {
        ObjectNode order = JSON.createObjectNode();
        order.putObject("token").put("taskId", taskId).put("placement", placement);
        order.putObject("attempt").put("systemVersion", 0);
        order.put("slots", 1);
        order.set("program", program);
        order("start", order, "default");
    }

    void cut() {
        links.getLast().close();
    }

    /** Returns what the attempt of placement 1 wrote to a stream. */
    String text(String taskId, String stream) {
        return text(taskId, 1, stream);
    }

    /** Returns what an attempt wrote to a stream, each byte once, by the offsets of chunks. */
    String text(String taskId, int placement, String stream) {
        long end = 0;
        StringBuilder text = new StringBuilder();
        for (Output output : outputs) {
            if (output.taskId().equals(taskId)
                    && output.placement() == placement
                    && output.offset() + output.bytes().length > end) {
                if (output.offset() != end) {
                    throw new IllegalStateException("a gap at " + end + " before " + output.offset());
                }
                end += output.bytes().length;
                if (output.stream().equals(stream)) {
                    text.append(new String(output.bytes(), StandardCharsets.UTF_8));
                }
            }
        }
        return text.toString();
    }

    String text(String taskId) {
        return text(taskId, "out");
    }

    List<JsonNode> reports(String type, String taskId) {
        return reports.stream()
                .filter(report -> report.path("type").asText().equals(type)
                        && (taskId.isEmpty()
                                || report.at("/token/taskId").asText().equals(taskId)))
                .toList();
    }

    /** Waits for the attempt's end. @return its code and its cause */
    String exit(String taskId) {
        await().atMost(LIMIT).until(() -> !reports("exited", taskId).isEmpty());
        JsonNode exited = reports("exited", taskId).getLast();
        return exited.path("code").asText() + " " + exited.path("cause").asText();
    }

    String detail(String taskId) {
        return reports("exited", taskId).getLast().path("detail").asText();
    }

    void awaitText(String taskId, String text) {
        await().atMost(LIMIT).until(() -> text(taskId).contains(text));
    }

    /** Waits until the node has joined over a connection behind the first so many. */
    void awaitNode(int before) {
        await().atMost(LIMIT).until(() -> reports("node", "").size() > before);
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 1000, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
