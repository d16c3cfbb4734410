package io.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.muster.access.SharedAccessSignature;
import io.netty.handler.codec.mqtt.MqttConnectMessage;
import io.netty.handler.codec.mqtt.MqttConnectReturnCode;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttPublishMessage;
import io.netty.handler.codec.mqtt.MqttQoS;
import io.netty.handler.codec.mqtt.MqttSubscribeMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Connects over real sockets to a hub that errs. */
class DeviceClientTest {
    private static final String KEY = Base64.getEncoder().encodeToString("key".getBytes(StandardCharsets.UTF_8));
    private static final Credentials TOKENS = Credentials.ofKeys("hub.test", Map.of("d", KEY), Duration.ofHours(1));

    private final UnkindHub hub = new UnkindHub();
    private DeviceConnector connector;

    @BeforeEach
    void start() throws IOException {
        connector = DeviceConnector.start(
                hub.address(), DeviceConnector.Settings.usual(1000, "test", InstantSource.system()));
    }

    @AfterEach
    void stop() {
        connector.close();
        hub.close();
    }

    private DeviceClient connected(DeviceProgram program) throws IOException {
        DeviceClient device = connector.connect("d", TOKENS, program);
        await().until(device::isConnected);
        return device;
    }

    private void awaitLog(String... entries) {
        await().untilAsserted(() -> assertThat(hub.log).contains(entries));
    }

    @Test
    void connectsWithATokenOfItsOwnAndKeepsItsSession() throws IOException {
        connected(new RecordedProgram());
        MqttConnectMessage connect = hub.connects.getFirst();
        assertThat(connect.payload().clientIdentifier()).isEqualTo("d");
        assertThat(connect.payload().userName()).startsWith("hub.test/d/?api-version=2021-04-12");
        assertThat(connect.variableHeader().isCleanSession()).isFalse();
        SharedAccessSignature token = SharedAccessSignature.parse(
                        new String(connect.payload().passwordInBytes(), StandardCharsets.UTF_8))
                .orElseThrow();
        assertThat(token.expiry()).isAfter(java.time.Instant.now().plus(Duration.ofMinutes(59)));
    }

    @Test
    void subscribesToWhatItsProgramTakes() throws IOException {
        connected(new RecordedProgram());
        assertThat(hub.log)
                .contains(
                        "SUBSCRIBE $iothub/twin/res/# 0",
                        "SUBSCRIBE $iothub/methods/POST/# 0",
                        "SUBSCRIBE $iothub/twin/PATCH/properties/desired/# 0",
                        "SUBSCRIBE devices/d/messages/devicebound/# 1",
                        "SUBSCRIBE $muster/tasks/orders/# 0");
        connector.connect("e", new Credentials.Tokens((_, _) -> "token", Duration.ofHours(1)), new DeviceProgram() {});
        awaitLog("CONNECT e");
        await().untilAsserted(() -> assertThat(hub.log).last().isEqualTo("SUBSCRIBE $iothub/twin/res/# 0"));
    }

    @Test
    void answersAMethodByItsName() throws IOException {
        connected(new RecordedProgram(Map.of(
                "echo", (_, call) -> CompletableFuture.completedFuture(MethodAnswer.ok(call.payload())),
                "fail", (_, _) -> CompletableFuture.failedFuture(new IOException("secret")),
                "throw",
                        (_, _) -> {
                            throw new IllegalStateException("secret");
                        },
                "silent", (_, _) -> new CompletableFuture<>())));
        hub.link().publish("$iothub/methods/POST/silent/?$rid=1", "0");
        hub.link().publish("$iothub/methods/POST/echo/?$rid=2", "{\"a\":1}");
        hub.link().publish("$iothub/methods/POST/fail/?$rid=3", "0");
        hub.link().publish("$iothub/methods/POST/throw/?$rid=4", "0");
        hub.link().publish("$iothub/methods/POST/no\"ne/?$rid=5", "0");
        awaitLog(
                "PUBLISH $iothub/methods/res/200/?$rid=2 {\"a\":1}",
                "PUBLISH $iothub/methods/res/500/?$rid=3 {\"message\":\"The device failed to answer.\"}",
                "PUBLISH $iothub/methods/res/500/?$rid=4 {\"message\":\"The device failed to answer.\"}",
                "PUBLISH $iothub/methods/res/501/?$rid=5 {\"message\":\"The device has no method no\\\"ne.\"}");
        assertThat(hub.log).noneMatch(entry -> entry.contains("$rid=1 "));
        assertThat(hub.links).hasSize(1);
    }

    @Test
    void answersOverTheNextConnectionWhereTheFirstIsLost() throws IOException {
        CompletableFuture<MethodAnswer> answer = new CompletableFuture<>();
        RecordedProgram program = new RecordedProgram(Map.of("slow", (_, _) -> answer));
        connected(program);
        hub.link().publish("$iothub/methods/POST/slow/?$rid=1", "0");
        await().until(() -> program.log.contains("method slow 1 0"));
        AtomicBoolean held = new AtomicBoolean(true);
        hub.mischief = (_, message) -> message instanceof MqttConnectMessage && held.get();
        hub.link().close();
        await().until(() -> program.ends.contains("lost"));
        answer.complete(MethodAnswer.ok("7".getBytes(StandardCharsets.UTF_8)));
        await().until(() -> hub.links.size() == 2);
        assertThat(hub.log).noneMatch(entry -> entry.startsWith("PUBLISH"));
        held.set(false);
        await().until(() -> hub.connects.size() == 2);
        hub.link().accept();
        awaitLog("PUBLISH $iothub/methods/res/200/?$rid=1 7");
    }

    @Test
    void acknowledgesAMessageThatItsProgramTook() throws IOException {
        RecordedProgram program = new RecordedProgram();
        connected(program);
        hub.link().publish("devices/d/messages/devicebound/a=1&%24.to=%2Fx&k", "hello", MqttQoS.AT_LEAST_ONCE, 9);
        awaitLog("PUBACK 9");
        assertThat(program.log).contains("message {a=1, $.to=/x, k=null} hello");
    }

    @Test
    void leavesAMessageUnacknowledgedThatItsProgramCouldNotTake() throws IOException {
        RecordedProgram program = new RecordedProgram();
        program.messageTaken = CompletableFuture.failedFuture(new IOException("disk full"));
        connected(program);
        hub.link().publish("devices/d/messages/devicebound/", "first", MqttQoS.AT_LEAST_ONCE, 9);
        await().until(() -> program.log.contains("message {} first"));
        program.messageTaken = CompletableFuture.completedFuture(null);
        hub.link().publish("devices/d/messages/devicebound/", "second", MqttQoS.AT_LEAST_ONCE, 10);
        awaitLog("PUBACK 10");
        assertThat(hub.log).doesNotContain("PUBACK 9");
    }

    @Test
    void passesDesiredPropertiesOn() throws IOException {
        RecordedProgram program = new RecordedProgram();
        connected(program);
        hub.link().publish("$iothub/twin/PATCH/properties/desired/?$version=8", "{\"a\":1,\"$version\":8}");
        await().until(() -> program.log.contains("desired {\"a\":1,\"$version\":8}"));
    }

    /** Answers requests about twins, each with what a test says: status and body. */
    private void twinsAnswer(String answer, String body) {
        hub.mischief = (link, message) -> {
            if (message instanceof MqttPublishMessage publish
                    && publish.variableHeader().topicName().startsWith("$iothub/twin/")) {
                String topic = publish.variableHeader().topicName();
                link.publish("$iothub/twin/res/200/?$rid=another", "{}");
                link.publish(
                        "$iothub/twin/res/" + answer.replace("RID", topic.substring(topic.indexOf("$rid=") + 5)), body);
                return true;
            }
            return false;
        };
    }

    @Test
    void getsItsTwin() throws Exception {
        DeviceClient device = connected(new RecordedProgram());
        twinsAnswer("200/?$rid=RID", "{\"desired\":{},\"reported\":{}}");
        assertThat(device.twin().get()).isEqualTo("{\"desired\":{},\"reported\":{}}");
    }

    @Test
    void patchesReportedProperties() throws Exception {
        DeviceClient device = connected(new RecordedProgram());
        twinsAnswer("204/?$rid=RID&$version=4", "");
        assertThat(device.patchReported("{\"a\":1}").get()).isEqualTo(4);
        assertThat(hub.log).last().asString().endsWith(" {\"a\":1}");
    }

    @Test
    void failsAPatchThatTheHubRefuses() throws IOException {
        DeviceClient device = connected(new RecordedProgram());
        twinsAnswer("413/?$rid=RID", "{\"message\":\"too large\"}");
        assertThatThrownBy(() -> device.patchReported("{}").get())
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        TwinRefusedException.class,
                        refused -> assertThat(refused.status()).isEqualTo(413))
                .hasMessageContaining("too large");
    }

    @Test
    void failsWhatTheHubHasNotAnsweredWhenTheConnectionEnds() throws IOException {
        DeviceClient device = connected(new RecordedProgram());
        hub.acknowledges = false;
        CompletableFuture<?> twin = device.twin();
        CompletableFuture<?> event = device.send(Telemetry.ofJson("1"));
        awaitLog("PUBLISH devices/d/messages/events/" + bag() + " 1");
        assertThat(event).isNotDone();
        hub.link().close();
        for (CompletableFuture<?> request : new CompletableFuture<?>[] {twin, event}) {
            assertThatThrownBy(request::get).hasCauseInstanceOf(NotConnectedException.class);
        }
    }

    private static String bag() {
        return PropertyBag.text(Telemetry.ofJson("").properties());
    }

    @Test
    void sendsAnEventUntilItIsAcknowledged() throws Exception {
        DeviceClient device = connected(new RecordedProgram());
        device.send(new Telemetry(Map.of("a/b", "x y"), "1".getBytes(StandardCharsets.UTF_8)))
                .get();
        assertThat(hub.log).contains("PUBLISH devices/d/messages/events/a%2Fb=x%20y 1");
    }

    @Test
    void sendsNoMoreWhileTooMuchIsUnacknowledged() throws IOException {
        DeviceClient device = connected(new RecordedProgram());
        hub.acknowledges = false;
        for (int i = 0; i < 256; i++) {
            assertThat(device.send(Telemetry.ofJson("1"))).isNotCompletedExceptionally();
        }
        assertThatThrownBy(() -> device.send(Telemetry.ofJson("1")).get())
                .hasCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void passesOrdersOn() throws IOException {
        RecordedProgram program = new RecordedProgram();
        connected(program);
        hub.link().publish("$muster/tasks/orders/p", "[{\"type\":\"leave\"}]");
        await().until(() -> program.log.contains("orders p [{\"type\":\"leave\"}]"));
    }

    private static TaskOutput output(long offset, String text) {
        return new TaskOutput(
                "p", "purge/7&8", 3, TaskOutput.Stream.ERR, offset, text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void reportsTasksUntilTheHubHasIt() throws Exception {
        DeviceClient device = connected(new RecordedProgram());
        device.reportToPool("p", "[{\"type\":\"node\"}]".getBytes(StandardCharsets.UTF_8))
                .get();
        device.sendTaskOutput(output(12, "oops")).get();
        assertThat(hub.log)
                .contains(
                        "PUBLISH $muster/tasks/reports/p [{\"type\":\"node\"}]",
                        "PUBLISH $muster/tasks/output/p/?taskId=purge%2F7%268&placement=3&stream=err&offset=12 oops");
    }

    @Test
    void sendsNoMoreOutputWhileMuchIsUnacknowledgedAndReportsNevertheless() throws IOException {
        DeviceClient device = connected(new RecordedProgram());
        hub.acknowledges = false;
        String chunk = "x".repeat(TaskOutput.MOST_BYTES);
        for (int i = 0; i < 16; i++) {
            assertThat(device.sendTaskOutput(output(i, chunk))).isNotCompletedExceptionally();
        }
        assertThatThrownBy(() -> device.sendTaskOutput(output(16, "1")).get())
                .hasCauseInstanceOf(IllegalStateException.class);
        device.reportToPool("p", "[]".getBytes(StandardCharsets.UTF_8));
        awaitLog("PUBLISH $muster/tasks/reports/p []");
    }

    @Test
    void failsOutputThatTheHubHasNotAcknowledgedWhenTheConnectionEnds() throws IOException {
        DeviceClient device = connected(new RecordedProgram());
        hub.acknowledges = false;
        CompletableFuture<?> sent = device.sendTaskOutput(output(0, "1"));
        await().until(() -> hub.log.getLast().endsWith(" 1"));
        hub.link().close();
        assertThatThrownBy(sent::get).hasCauseInstanceOf(NotConnectedException.class);
    }

    @Test
    void refusesOutputThatIsNoChunk() {
        assertThatThrownBy(() -> output(0, "x".repeat(TaskOutput.MOST_BYTES + 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void sendsNothingWhileItIsNotConnected() throws IOException {
        hub.mischief = (_, _) -> true;
        DeviceClient device = connector.connect("d", TOKENS, new RecordedProgram());
        await().until(() -> !hub.connects.isEmpty());
        assertThatThrownBy(() -> device.send(Telemetry.ofJson("1")).get())
                .hasCauseInstanceOf(NotConnectedException.class);
        assertThatThrownBy(() -> device.twin().get()).hasCauseInstanceOf(NotConnectedException.class);
    }

    static Stream<Arguments> mischief() {
        return Stream.of(
                of(
                        "connection refused not authorized",
                        MqttMessageType.CONNECT,
                        (link, _) -> link.refuse(MqttConnectReturnCode.CONNECTION_REFUSED_NOT_AUTHORIZED)),
                of("lost", MqttMessageType.CONNECT, (link, _) -> link.close()),
                of("lost", MqttMessageType.CONNECT, (link, _) -> {
                    link.raw(0x20, 0x02, 0x00);
                    link.close();
                }),
                of("unexpected SUBACK", MqttMessageType.CONNECT, (link, _) -> link.grant(1, 5, MqttQoS.AT_MOST_ONCE)),
                of(
                        "unexpected PUBLISH",
                        MqttMessageType.CONNECT,
                        (link, _) -> link.publish("$iothub/methods/POST/m/?$rid=1", "0")),
                of("unexpected packet", MqttMessageType.CONNECT, (link, _) -> link.raw(0xc0, 0x00)),
                of(
                        "undecodable packet",
                        MqttMessageType.CONNECT,
                        (link, _) -> link.raw(0x20, 0xff, 0xff, 0xff, 0xff, 0x7f)),
                of("lost", MqttMessageType.SUBSCRIBE, (link, _) -> link.close()),
                of("unexpected CONNACK", MqttMessageType.SUBSCRIBE, (link, _) -> link.accept()),
                of(
                        "unexpected SUBACK",
                        MqttMessageType.SUBSCRIBE,
                        (link, message) -> link.grant(
                                ((MqttSubscribeMessage) message)
                                                .variableHeader()
                                                .messageId()
                                        + 1,
                                5,
                                MqttQoS.AT_MOST_ONCE)),
                of(
                        "unexpected SUBACK",
                        MqttMessageType.SUBSCRIBE,
                        (link, message) -> link.grant(
                                ((MqttSubscribeMessage) message)
                                        .variableHeader()
                                        .messageId(),
                                4,
                                MqttQoS.AT_MOST_ONCE)),
                of(
                        "subscription refused",
                        MqttMessageType.SUBSCRIBE,
                        (link, message) -> link.grant(
                                ((MqttSubscribeMessage) message)
                                        .variableHeader()
                                        .messageId(),
                                5,
                                MqttQoS.FAILURE)),
                of(
                        "unexpected PUBLISH",
                        MqttMessageType.SUBSCRIBE,
                        (link, _) -> link.publish("$iothub/methods/POST/m/?$rid=1", "0", MqttQoS.EXACTLY_ONCE, 1)));
    }

    private interface Answer {
        void answer(UnkindHub.Link link, io.netty.handler.codec.mqtt.MqttMessage message);
    }

    private static Arguments of(String reason, MqttMessageType packet, Answer answer) {
        return Arguments.of(reason, packet, answer);
    }

    @ParameterizedTest(name = "{1} leads to: {0}")
    @MethodSource("mischief")
    void connectsAgainAfter(String reason, MqttMessageType packet, Answer answer) throws IOException {
        AtomicInteger times = new AtomicInteger();
        hub.mischief = (link, message) -> {
            if (message.fixedHeader().messageType() != packet || times.incrementAndGet() > 2) {
                return false;
            }
            answer.answer(link, message);
            return true;
        };
        RecordedProgram program = new RecordedProgram();
        connected(program);
        assertThat(program.ends).containsExactly(reason, reason);
        assertThat(program.log).containsExactly("connected");
    }

    @Test
    void readsPacketsThatComeInPieces() throws IOException {
        RecordedProgram program = new RecordedProgram();
        connected(program);
        byte[] topic = "$iothub/methods/POST/m/?$rid=1".getBytes(StandardCharsets.UTF_8);
        hub.link().raw(0x30);
        hub.link().raw(topic.length + 3, 0, topic.length);
        for (byte letter : topic) {
            hub.link().raw(letter);
        }
        hub.link().raw('0');
        awaitLog("PUBLISH $iothub/methods/res/501/?$rid=1 {\"message\":\"The device has no method m.\"}");
    }

    @Test
    void ignoresTopicsThatAreCutShort() throws IOException {
        RecordedProgram program = new RecordedProgram();
        connected(program);
        for (String topic : new String[] {
            "$iothub/methods/POST/m",
            "$iothub/methods/POST/m/?",
            "$iothub/twin/res/",
            "$iothub/twin/res/x/?$rid=1",
            "other"
        }) {
            hub.link().publish(topic, "0", MqttQoS.AT_LEAST_ONCE, 5);
        }
        await().untilAsserted(
                        () -> assertThat(hub.log).filteredOn("PUBACK 5"::equals).hasSize(5));
        assertThat(program.log).containsExactly("connected");
    }

    @Test
    void endsTheConnectionAndNotTheThreadWhereItsProgramFails() throws IOException {
        RecordedProgram program = new RecordedProgram() {
            @Override
            public void desiredChanged(DeviceClient device, String patch) {
                throw new IllegalStateException(patch);
            }
        };
        connected(program);
        hub.link().publish("$iothub/twin/PATCH/properties/desired/?$version=8", "{}");
        await().until(() -> program.log.equals(java.util.List.of("connected", "connected")));
        assertThat(program.ends).containsExactly("program failed: IllegalStateException");
    }

    @Test
    void closesAConnectionWhoseHubIsSilent() throws IOException {
        hub.mischief = (_, message) -> message.fixedHeader().messageType() == MqttMessageType.PINGREQ;
        RecordedProgram program = new RecordedProgram();
        try (DeviceConnector impatient = DeviceConnector.start(
                hub.address(),
                new DeviceConnector.Settings(1000, "test", Duration.ofSeconds(1), InstantSource.system()))) {
            impatient.connect("d", TOKENS, program);
            await().until(() -> program.ends.contains("silent hub"));
            assertThat(hub.log).contains("PINGREQ");
        }
    }

    @Test
    void renewsItsTokenByConnectingAgain() throws IOException {
        RecordedProgram program = new RecordedProgram();
        connector.connect("d", Credentials.ofKeys("hub.test", Map.of("d", KEY), Duration.ofSeconds(1)), program);
        await().until(() -> hub.connects.size() >= 2);
        assertThat(program.ends.getFirst()).isEqualTo("token renewed");
        assertThat(hub.log.indexOf("DISCONNECT")).isLessThan(hub.log.lastIndexOf("CONNECT d"));
    }

    @Test
    void takesLeaveAndConnectsNoMore() throws IOException {
        RecordedProgram program = new RecordedProgram();
        DeviceClient device = connected(program);
        device.close();
        awaitLog("DISCONNECT");
        await().until(() -> program.ends.equals(java.util.List.of("closed")));
        connected(new RecordedProgram());
        assertThat(hub.connects).hasSize(2);
    }

    @Test
    void holdsItsLeaseWhileTheHubAnswers() throws IOException {
        RecordedProgram program = new RecordedProgram();
        program.lease = Optional.of(Duration.ofSeconds(2));
        DeviceClient device = connector.connect("d", TOKENS, program);
        assertThat(device.holdsLease()).isFalse();
        await().until(device::isConnected);
        assertThat(device.holdsLease()).isTrue();
        await().untilAsserted(
                        () -> assertThat(hub.log).filteredOn("PINGREQ"::equals).hasSizeGreaterThan(5));
        assertThat(program.log).doesNotContain("lease lost");
    }

    @Test
    void losesItsLeaseOnceWhereTheHubAnswersNoMoreAndHoldsItAgainWithTheNextConnection() throws IOException {
        RecordedProgram program = new RecordedProgram();
        program.lease = Optional.of(Duration.ofMillis(400));
        hub.mischief = (_, message) -> message.fixedHeader().messageType() == MqttMessageType.PINGREQ;
        DeviceClient device = connector.connect("d", TOKENS, program);
        await().until(() -> program.log.contains("lease lost"));
        assertThat(device.holdsLease()).isFalse();
        hub.mischief = (_, _) -> false;
        hub.link().close();
        await().untilAsserted(() -> assertThat(program.log).containsExactly("connected", "lease lost", "connected"));
        assertThat(device.holdsLease()).isTrue();
    }
}
