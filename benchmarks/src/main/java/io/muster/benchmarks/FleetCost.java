package io.muster.benchmarks;

import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.agent.Target;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
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
import java.io.BufferedReader;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;

/**
 * Prints what a simulated device costs: heap while it is connected, connects a second, CPU of a connect. The hub that accepts all of them is a process of
 * its own. Arguments: how many devices (each has a file open in both processes), and how many connects a second are allowed.
 */
public final class FleetCost {
    private static final int BACKLOG = 1024;
    private static final int LARGEST_PACKET = 1 << 20;
    private static final String TWIN = "{\"desired\":{\"$version\":1},\"reported\":{\"$version\":1}}";

    private FleetCost() {}

    public static void main(String[] args) throws Exception {
        if (args.length == 0) {
            System.out.println(((InetSocketAddress) hub().localAddress()).getPort());
            Thread.currentThread().join();
        }
        Process hub = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        FleetCost.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader said = hub.inputReader()) {
            measure(Integer.parseInt(said.readLine()), Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        } finally {
            hub.destroy();
        }
    }

    @SuppressWarnings("BusyWait") // A load driver that polls its own counters.
    private static void measure(int port, int devices, int rate) throws Exception {
        for (int round = 1; round <= 3; round++) {
            long heapBefore = heap();
            long cpuBefore = cpuNanos();
            long start = System.nanoTime();
            try (SimulatedFleet fleet = SimulatedFleet.start(
                    Target.byPolicy("127.0.0.1", port, "hub.test", null, "device", "a2V5"),
                    Behaviour.PERFECT,
                    SimulatedFleet.deviceIds("sim-", devices),
                    rate,
                    InstantSource.system())) {
                while (fleet.counters().connected() < devices) {
                    Thread.sleep(10);
                }
                double seconds = (System.nanoTime() - start) / 1e9;
                long cpu = cpuNanos() - cpuBefore;
                System.out.printf(
                        "round %d: %d devices in %.1f s = %.0f/s, %d µs of CPU each, %d bytes of heap each%n",
                        round,
                        devices,
                        seconds,
                        devices / seconds,
                        Duration.ofNanos(cpu / devices).toNanos() / 1000,
                        (heap() - heapBefore) / devices);
            }
        }
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static long heap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static Channel hub() {
        return new ServerBootstrap()
                .group(new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory()))
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline().addLast(MqttEncoder.INSTANCE, new MqttDecoder(LARGEST_PACKET), new Link());
                    }
                })
                .bind("127.0.0.1", 0)
                .syncUninterruptibly()
                .channel();
    }

    /** Accepts a device and grants all that it subscribes to. */
    private static final class Link extends SimpleChannelInboundHandler<MqttMessage> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, MqttMessage message) {
            switch (message) {
                case MqttConnectMessage _ ->
                    ctx.writeAndFlush(MqttMessageBuilders.connAck()
                            .returnCode(MqttConnectReturnCode.CONNECTION_ACCEPTED)
                            .build());
                case MqttSubscribeMessage subscribe -> {
                    MqttMessageBuilders.SubAckBuilder suback = MqttMessageBuilders.subAck()
                            .packetId(subscribe.variableHeader().messageId());
                    subscribe.payload().topicSubscriptions().forEach(_ -> suback.addGrantedQoses(MqttQoS.AT_MOST_ONCE));
                    ctx.writeAndFlush(suback.build());
                }
                case MqttPublishMessage publish -> {
                    String topic = publish.variableHeader().topicName();
                    ctx.writeAndFlush(MqttMessageBuilders.publish()
                            .topicName("$iothub/twin/res/200/?" + topic.substring(topic.indexOf("$rid=")))
                            .qos(MqttQoS.AT_MOST_ONCE)
                            .payload(Unpooled.copiedBuffer(TWIN, StandardCharsets.UTF_8))
                            .build());
                }
                default -> {}
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
