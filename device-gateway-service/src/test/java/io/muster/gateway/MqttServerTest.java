package io.muster.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.access.HubHosts;
import io.muster.access.KeyPair;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessSignature;
import io.muster.gateway.connect.Authenticator;
import io.muster.gateway.connect.DeviceAuthorities;
import io.muster.gateway.mqtt.Connections;
import io.muster.gateway.mqtt.MqttServer;
import io.muster.gateway.mqtt.MqttSettings;
import io.muster.records.Capability;
import io.muster.records.CloudMessage;
import io.muster.records.Credentials;
import io.muster.records.Delivery;
import io.muster.records.DesiredChanged;
import io.muster.records.DeviceConnected;
import io.muster.records.DeviceDisconnected;
import io.muster.records.MessageAcknowledged;
import io.muster.records.MessageRequest;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.records.MethodUnanswered;
import io.muster.records.MethodUndelivered;
import io.muster.records.PatchReported;
import io.muster.records.RequestTwin;
import io.muster.records.SubscriptionsChanged;
import io.muster.records.TwinAnswer;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Speaks over real sockets, to the byte. Contract: iot-hub, section 4. */
class MqttServerTest {
    private static final KeyPair KEYS = KeyPair.generate(new SecureRandom());
    private static final String METHODS = "$iothub/methods/POST/#";
    private static final String DESIRED = "$iothub/twin/PATCH/properties/desired/#";
    private static final String TWIN = "$iothub/twin/res/#";
    private static final Instant DECIDED = Instant.parse("2001-02-03T04:05:06Z");
    private static final int MOST_CONNECTS = 20;
    private static final MqttSettings.PerAddress LIMITS = new MqttSettings.PerAddress(MOST_CONNECTS, 10);

    private final FleetDouble fleet = new FleetDouble();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Connections connections =
            new Connections(GatewayChannels.of(fleet, meters, InstantSource.system()), meters, InstantSource.system());
    private final SharedAccessPolicies policies = SharedAccessPolicies.generate(new SecureRandom());
    /** Holds the server's time; this machine's if it is null. */
    private volatile @Nullable Instant now;

    private MqttServer server;

    @BeforeEach
    void start() throws IOException {
        register("d", KEYS);
        server = new MqttServer(
                new MqttSettings(
                        "127.0.0.1",
                        0,
                        Optional.of(0),
                        Optional.of(0),
                        null,
                        null,
                        new Authenticator(HubHosts.of("hub.test"), () -> new DeviceAuthorities(List.of())),
                        () -> policies,
                        () -> now == null ? Instant.now() : now,
                        MqttSettings.LARGEST_MESSAGE,
                        LIMITS,
                        LIMITS),
                fleet,
                connections);
    }

    private void register(String id, KeyPair keys) {
        fleet.devices.put(
                id,
                Credentials.newBuilder()
                        .setPrimaryKey(keys.primary())
                        .setSecondaryKey(keys.secondary())
                        .build());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private MqttClient client() throws IOException {
        return new MqttClient(new Socket("127.0.0.1", server.plainPort().orElseThrow()));
    }

    private MqttClient clientOf(String address) throws IOException {
        return new MqttClient(
                new Socket("127.0.0.1", server.plainPort().orElseThrow(), InetAddress.getByName(address), 0));
    }

    private static String token(String resource, @Nullable String key, @Nullable String policy, Instant expiry) {
        return SharedAccessSignature.sign(resource, java.util.Objects.requireNonNull(key), policy, expiry);
    }

    private static String goodToken() {
        return token("hub.test/devices/d", KEYS.primary(), null, Instant.now().plusSeconds(3600));
    }

    private MqttClient connected(String... filters) throws IOException {
        MqttClient client = client();
        assertThat(client.connect("d", "hub.test/d/?api-version=2021-04-12", goodToken(), false))
                .isZero();
        if (filters.length > 0) {
            assertThat(client.subscribe(filters)).doesNotContain(0x80);
        }
        return client;
    }

    private long epoch() {
        return fleet.reported(DeviceConnected.class).getLast().getEpoch();
    }

    private void deliver(Object delivery) {
        deliver("d", delivery, System.nanoTime());
    }

    /** Delivers at an instant of the fleet's clock, which nobody compares with this machine's. */
    private void deliver(String deviceId, Object delivery, long writtenAfter) {
        connections.deliver(new Delivery(deviceId, DECIDED, delivery), writtenAfter, Optional.empty());
    }

    private static MethodRequest request(long epoch, String id) {
        return request(epoch, id, Duration.ofSeconds(30));
    }

    private static MethodRequest request(long epoch, String id, Duration time) {
        return new MethodRequest(epoch, id, "reboot", "null", DECIDED.plus(time));
    }

    @ParameterizedTest
    @CsvSource({
        "d, hub.test/d/?api-version=2021-04-12, good, 0",
        "d, hub.test/d/?api-version=2021-04-12&DeviceClientType=azure-iot-device%2F1.18.4, good, 0",
        "d, hub.test/d/api-version=2016-11-14, good, 0",
        "d, hub.test/d, good, 0",
        "d, HUB.TEST:8883/d, good, 0",
        "d, hub.test/d, policy, 0",
        "d, hub.test/d, secondary, 0",
        "e, hub.test/d, good, 5",
        "d, other/d, good, 5",
        "d, hub.test/d/m, good, 5",
        "d, d, good, 5",
        "d, hub.test/d, expired, 5",
        "d, hub.test/d, expired a minute ago, 5",
        "d, hub.test/d, other device, 5",
        "d, hub.test/d, wrong policy, 5",
        "d, hub.test/d, garbage, 5",
        "nobody, hub.test/nobody, good, 5"
    })
    void acceptsOrRefusesAConnectByItsCredentials(String clientId, String userName, String credentials, int code)
            throws IOException {
        Instant later = Instant.now().plusSeconds(3600);
        String password = switch (credentials) {
            case "good" -> goodToken();
            case "secondary" -> token("hub.test/devices/d", KEYS.secondary(), null, later);
            case "policy" ->
                token(
                        "hub.test/devices/d",
                        policies.named("device").orElseThrow().keys().primary(),
                        "device",
                        later);
            case "wrong policy" ->
                token(
                        "hub.test/devices/d",
                        policies.named("service").orElseThrow().keys().primary(),
                        "service",
                        later);
            case "expired" ->
                token("hub.test/devices/d", KEYS.primary(), null, Instant.now().minusSeconds(3600));
            case "expired a minute ago" ->
                token("hub.test/devices/d", KEYS.primary(), null, Instant.now().minusSeconds(60));
            case "other device" -> token("hub.test/devices/dd", KEYS.primary(), null, later);
            default -> "garbage";
        };
        try (MqttClient client = client()) {
            assertThat(client.connect(clientId, userName, password, false)).isEqualTo(code);
            assertThat(fleet.reported(DeviceConnected.class)).hasSize(code == 0 ? 1 : 0);
        }
    }

    private static final String MESSAGES = "devices/d/messages/devicebound/#";

    private static MessageRequest message(long epoch, long number, String body) {
        return new MessageRequest(
                epoch,
                number,
                new CloudMessage(
                        Map.of("$.mid", "a/b c"),
                        ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)),
                        Instant.now().plusSeconds(60)));
    }

    @Test
    void reportsAMessageOnceTheDeviceHasAcknowledgedIt() throws IOException {
        try (MqttClient client = connected()) {
            assertThat(client.subscribe(1, MESSAGES)).containsExactly(1);
            assertThat(fleet.reported(SubscriptionsChanged.class).getLast().getAtLeastOnce())
                    .containsExactly(MESSAGES);
            deliver(message(epoch(), 7, "one"));
            deliver(message(epoch(), 8, "two"));
            MqttClient.Publish one = client.publish();
            MqttClient.Publish two = client.publish();
            assertThat(one.topic())
                    .isEqualTo(
                            "devices/d/messages/devicebound/%24.mid=a%2Fb%20c&%24.to=%2Fdevices%2Fd%2Fmessages%2Fdevicebound");
            assertThat(one.body()).isEqualTo("one");
            assertThat(two.packetId()).isNotEqualTo(one.packetId()).isPositive();
            assertThat(fleet.reported(MessageAcknowledged.class)).isEmpty();
            client.acknowledge(two.packetId());
            client.acknowledge(4711);
            client.acknowledge(one.packetId());
            await().untilAsserted(() -> assertThat(fleet.reported(MessageAcknowledged.class))
                    .extracting(MessageAcknowledged::getNumber)
                    .containsExactly(8L, 7L));
            client.raw(new byte[] {(byte) 0xe0, 0});
            assertThat(client.closed()).isTrue();
        }
        try (MqttClient client = client()) {
            assertThat(client.connect("d", "hub.test/d", goodToken(), false)).isZero();
            deliver(message(epoch(), 9, "three"));
            assertThat(client.publish().packetId()).as("the QoS of the session").isPositive();
        }
    }

    @Test
    void reportsAMessageWithQosZeroOnceItIsWritten() throws IOException {
        try (MqttClient client = connected(MESSAGES)) {
            deliver(message(epoch(), 7, "one"));
            assertThat(client.publish().packetId()).isZero();
            await().untilAsserted(() ->
                    assertThat(fleet.reported(MessageAcknowledged.class)).hasSize(1));
        }
        try (MqttClient client = connected()) {
            assertThat(client.subscribe(METHODS)).containsExactly(0);
            client.raw(new byte[] {
                (byte) 0xa2,
                36,
                0,
                9,
                0,
                32,
                'd',
                'e',
                'v',
                'i',
                'c',
                'e',
                's',
                '/',
                'd',
                '/',
                'm',
                'e',
                's',
                's',
                'a',
                'g',
                'e',
                's',
                '/',
                'd',
                'e',
                'v',
                'i',
                'c',
                'e',
                'b',
                'o',
                'u',
                'n',
                'd',
                '/',
                '#'
            });
            assertThat(client.packet()[0]).isEqualTo((byte) 0xb0);
            deliver(message(epoch(), 8, "two"));
            deliver(request(epoch(), "1a"));
            assertThat(client.publish().topic()).startsWith("$iothub/methods");
            assertThat(fleet.reported(MessageAcknowledged.class)).hasSize(1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "d/m, hub.test/d/m/?api-version=2021-04-12, hub.test/devices/d/modules/m, 0",
        "d/m, hub.test/d/m, hub.test/devices/d/modules/m, 0",
        "d/m, hub.test/d/m/api-version=2016-11-14, hub.test/devices/d/modules/m, 0",
        "d/m, hub.test/d/?api-version=2021-04-12, hub.test/devices/d/modules/m, 5",
        "d/m, hub.test/d/m, hub.test/devices/d/modules/mm, 5",
        "d/n, hub.test/d/n, hub.test/devices/d/modules/n, 5",
        "d/, hub.test/d/, hub.test/devices/d, 5",
        "d/m/x, hub.test/d/m/x, hub.test/devices/d/modules/m, 5",
        "d, hub.test/d, hub.test/devices/d/modules/m, 5",
    })
    void connectsAModuleWithItsOwnKey(String clientId, String userName, String resource, int code) throws IOException {
        KeyPair keys = KeyPair.generate(new SecureRandom());
        register("d/m", keys);
        String token = token(resource, keys.primary(), null, Instant.now().plusSeconds(60));
        try (MqttClient client = client()) {
            assertThat(client.connect(clientId, userName, token, false)).isEqualTo(code);
            if (code == 0) {
                assertThat(client.subscribe(METHODS, MESSAGES, "devices/d/m/messages/devicebound/#"))
                        .containsExactly(0, 0x80, 0x80);
                client.publish("devices/d/modules/m/messages/events/a=b", "hello", 1);
                assertThat(client.packet()[0]).isEqualTo((byte) 0x40);
                assertThat(fleet.messages.getLast().getDeviceId()).isEqualTo("d");
                assertThat(fleet.messages.getLast().getModuleId()).isEqualTo("m");
                deliver("d/m", request(epoch(), "1a"), System.nanoTime());
                assertThat(client.publish().topic()).isEqualTo("$iothub/methods/POST/reboot/?$rid=1a");
                client.publish("devices/d/messages/events/", "of the device", 0);
                assertThat(client.closed()).isTrue();
            }
        }
    }

    @Test
    void closesAConnectionThatIsSilentForOneAndAHalfKeepAlives() throws IOException {
        try (MqttClient client = client()) {
            byte[] connect = MqttClient.connectPacket("d", "hub.test/d", goodToken(), false);
            // The keep-alive stands behind the protocol's name, level and flags; here it is a second.
            int at = indexOf(connect, "MQTT") + 6;
            connect[at] = 0;
            connect[at + 1] = 1;
            client.raw(connect);
            assertThat(client.packet()[3]).isZero();
            client.raw(new byte[] {(byte) 0xc0, 0});
            assertThat(client.packet()[0]).as("a ping is answered").isEqualTo((byte) 0xd0);
            assertThat(client.closed()).isTrue();
        }
    }

    private static int indexOf(byte[] packet, String text) {
        return new String(packet, StandardCharsets.ISO_8859_1).indexOf(text);
    }

    @Test
    void refusesOtherVersionsOfMqtt() throws IOException {
        try (MqttClient client = client()) {
            client.raw(new byte[] {0x10, 0x0d, 0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 60, 0, 0, 0});
            assertThat(client.packet()[0]).isEqualTo((byte) 0x20);
        }
        try (MqttClient client = client()) {
            client.raw(new byte[] {0x10, 0x10, 0, 6, 'M', 'Q', 'I', 's', 'd', 'p', 3, 2, 0, 60, 0, 2, 'd', 'd'});
            assertThat(client.packet()).containsExactly(0x20, 2, 0, 1);
        }
    }

    @Test
    void keepsSubscriptionsOverAGracefulEnd() throws IOException {
        try (MqttClient client = connected(METHODS)) {
            client.raw(new byte[] {(byte) 0xe0, 0});
            assertThat(client.closed()).isTrue();
        }
        await().untilAsserted(() ->
                assertThat(fleet.reported(DeviceDisconnected.class)).hasSize(1));
        try (MqttClient client = client()) {
            assertThat(client.connect("d", "hub.test/d", goodToken(), false)).isZero();
            assertThat(client.sessionPresent()).isTrue();
            deliver(request(epoch(), "1a"));
            assertThat(client.publish().topic()).isEqualTo("$iothub/methods/POST/reboot/?$rid=1a");
        }
        try (MqttClient client = client()) {
            assertThat(client.connect("d", "hub.test/d", goodToken(), true)).isZero();
            assertThat(client.sessionPresent()).isFalse();
        }
    }

    @Test
    void waitsForAnswersAndForNothingElseWhenItEnds() throws IOException {
        KeyPair keys = KeyPair.generate(new SecureRandom());
        register("e", keys);
        String token =
                token("hub.test/devices/e", keys.primary(), null, Instant.now().plusSeconds(60));
        try (MqttClient called = connected(METHODS);
                MqttClient idle = client()) {
            deliver(request(epoch(), "01"));
            deliver(request(epoch(), "02"));
            assertThat(called.publish().topic()).endsWith("$rid=01");
            assertThat(called.publish().topic()).endsWith("$rid=02");
            assertThat(idle.connect("e", "hub.test/e", token, false)).isZero();
            CompletableFuture<Void> end = CompletableFuture.runAsync(server::close);
            assertThat(idle.closed()).isTrue();
            called.publish("$iothub/methods/res/200/?$rid=01", "{}", 0);
            await().untilAsserted(() ->
                    assertThat(fleet.reported(MethodAnswered.class)).hasSize(1));
            assertThat(end).isNotDone();
            called.publish("$iothub/methods/res/200/?$rid=02", "{}", 0);
            assertThat(called.closed()).isTrue();
            assertThat(end).succeedsWithin(Duration.ofSeconds(5));
            assertThat(fleet.reported(MethodAnswered.class)).hasSize(2);
        }
    }

    @Test
    void deliversAMethodAndReportsItsAnswer() throws IOException {
        try (MqttClient client = connected(METHODS)) {
            deliver(request(epoch(), "00ff"));
            MqttClient.Publish publish = client.publish();
            assertThat(publish.topic()).isEqualTo("$iothub/methods/POST/reboot/?$rid=00ff");
            assertThat(publish.body()).isEqualTo("null");
            client.publish("$iothub/methods/res/200/?$rid=00ff", "{\"ok\":true}", 0);
            await().untilAsserted(() -> assertThat(fleet.reported(MethodAnswered.class))
                    .singleElement()
                    .satisfies(answer -> {
                        assertThat(answer.getDeliveryId()).isEqualTo("00ff");
                        assertThat(answer.getStatus()).isEqualTo(200);
                        assertThat(StandardCharsets.UTF_8
                                        .decode(answer.getPayload().duplicate())
                                        .toString())
                                .isEqualTo("{\"ok\":true}");
                    }));
        }
    }

    /** Calls twice: the second call's end shows that the first call's time is over too. */
    @Test
    void reportsAnAnswerInTimeAndAMissingOneAtItsDeadline() throws IOException {
        try (MqttClient client = connected(METHODS)) {
            deliver(request(epoch(), "01", Duration.ofMillis(1500)));
            client.publish();
            client.publish("$iothub/methods/res/200/?$rid=01", "{}", 0);
            await().untilAsserted(() ->
                    assertThat(fleet.reported(MethodAnswered.class)).hasSize(1));
            Instant handedOver = Instant.now();
            deliver(request(epoch(), "02", Duration.ofMillis(1600)));
            client.publish();
            await().untilAsserted(() -> assertThat(fleet.reported(MethodUnanswered.class))
                    .extracting(MethodUnanswered::getDeliveryId)
                    .containsExactly("02"));
            assertThat(Duration.between(handedOver, Instant.now())).isGreaterThan(Duration.ofMillis(1500));
            client.publish("$iothub/methods/res/200/?$rid=02", "{}", 0);
            await().untilAsserted(() -> assertThat(fleet.reports.getLast())
                    .as("behind the report, so that it counts no more")
                    .isInstanceOfSatisfying(
                            MethodAnswered.class,
                            late -> assertThat(late.getDeliveryId()).isEqualTo("02")));
        }
    }

    @Test
    void takesAnAnswerOverTheNextConnection() throws IOException {
        try (MqttClient client = connected(METHODS)) {
            deliver(request(epoch(), "01", Duration.ofMillis(700)));
            deliver(request(epoch(), "02", Duration.ofSeconds(1)));
            client.publish();
            client.publish();
        }
        try (MqttClient again = connected(METHODS)) {
            again.publish("$iothub/methods/res/200/?$rid=01", "{}", 0);
            await().untilAsserted(() -> assertThat(fleet.reported(MethodUnanswered.class))
                    .extracting(MethodUnanswered::getDeliveryId)
                    .containsExactly("02"));
            assertThat(fleet.reported(MethodAnswered.class)).hasSize(1);
        }
    }

    @Test
    void endsTheConnectionAndKeepsTheCallWhereAnAnswerCannotBeWritten() throws IOException {
        try (MqttClient client = connected(METHODS)) {
            deliver(request(epoch(), "01", Duration.ofMillis(300)));
            client.publish();
            fleet.full = true;
            client.publish("$iothub/methods/res/200/?$rid=01", "{}", 0);
            assertThat(client.closed()).isTrue();
            deliver(request(epoch(), "02"));
        }
        fleet.full = false;
        await().untilAsserted(() -> {
            assertThat(fleet.reported(MethodUnanswered.class)).hasSize(1);
            assertThat(fleet.reported(MethodUndelivered.class)).hasSize(1);
        });
        assertThat(fleet.reported(MethodAnswered.class)).isEmpty();
    }

    @Test
    void reportsAMethodThatCannotBeDelivered() throws IOException {
        deliver(request(99, "01"));
        try (MqttClient client = connected(DESIRED)) {
            deliver(request(epoch() - 1, "02"));
            deliver(request(epoch(), "03"));
            await().untilAsserted(() ->
                    assertThat(fleet.reported(MethodUndelivered.class)).hasSize(3));
            client.subscribe(METHODS);
            deliver(
                    "d",
                    request(epoch(), "04"),
                    System.nanoTime() - Duration.ofSeconds(31).toNanos());
            await().untilAsserted(() -> assertThat(fleet.reported(MethodUndelivered.class))
                    .extracting(MethodUndelivered::getDeliveryId)
                    .containsExactlyInAnyOrder("01", "02", "03", "04"));
            assertThat(fleet.reported(MethodUndelivered.class))
                    .filteredOn(MethodUndelivered::getExpired)
                    .extracting(MethodUndelivered::getDeliveryId)
                    .as("its connection is there: it may come again at once")
                    .containsExactly("04");
        }
    }

    @Test
    void closesADeviceThatDoesNotReadAndDelaysNoOther() throws IOException {
        fleet.devices.put("e", fleet.devices.get("d"));
        try (MqttClient deaf = connected(METHODS);
                MqttClient other = client()) {
            long deafEpoch = epoch();
            String token = token(
                    "hub.test/devices/e", KEYS.primary(), null, Instant.now().plusSeconds(3600));
            other.connect("e", "hub.test/e", token, false);
            other.subscribe(METHODS);
            String large = "\"" + "x".repeat(100_000) + "\"";
            int sent = 400;
            for (int i = 0; i < sent; i++) {
                deliver(new MethodRequest(deafEpoch, "d" + i, "reboot", large, DECIDED.plusSeconds(30)));
            }
            deliver("e", request(epoch(), "0e"), System.nanoTime());
            assertThat(other.publish().topic()).endsWith("0e");
            await().untilAsserted(() -> assertThat(fleet.reported(DeviceDisconnected.class))
                    .extracting(DeviceDisconnected::getEpoch)
                    .containsExactly(deafEpoch));
            // A delivery behind the closed connection is reported, to go out again.
            await().untilAsserted(() ->
                    assertThat(fleet.reported(MethodUndelivered.class)).hasSizeBetween(sent / 2, sent));
        }
    }

    @Test
    void answersTwinRequestsAndNotifiesOfDesiredProperties() throws IOException {
        try (MqttClient client = connected(TWIN, DESIRED)) {
            client.publish("$iothub/twin/GET/?$rid=a-b%20c", " ", 0);
            await().untilAsserted(
                            () -> assertThat(fleet.reported(RequestTwin.class)).hasSize(1));
            assertThat(fleet.reported(RequestTwin.class).getFirst().getRid()).isEqualTo("a-b%20c");
            deliver(new TwinAnswer(epoch(), "a-b%20c", "{\"x\":1}", 3L, "{}", 1L));
            MqttClient.Publish twin = client.publish();
            assertThat(twin.topic()).isEqualTo("$iothub/twin/res/200/?$rid=a-b%20c");
            assertThat(twin.body()).isEqualTo("{\"desired\":{\"x\":1,\"$version\":3},\"reported\":{\"$version\":1}}");

            deliver(new DesiredChanged(epoch(), "{\"a\":null}", 8L));
            MqttClient.Publish desired = client.publish();
            assertThat(desired.topic()).isEqualTo("$iothub/twin/PATCH/properties/desired/?$version=8");
            assertThat(desired.body()).isEqualTo("{\"a\":null,\"$version\":8}");

            client.publish("$iothub/twin/PATCH/properties/reported/?$rid=7&$version=2", "{\"on\":true}", 0);
            await().untilAsserted(() -> assertThat(fleet.reported(PatchReported.class))
                    .singleElement()
                    .satisfies(patch -> assertThat(patch.getExpectedVersion()).isEqualTo(2)));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "$iothub/methods/res/200/?$rid=01",
                "$iothub/twin/PATCH/properties/reported/?$rid=7",
                "$iothub/twin/GET/?$rid=7"
            })
    void acknowledgesAPublishOnlyOnceItIsWritten(String topic) throws IOException {
        try (MqttClient client = connected(METHODS, TWIN)) {
            deliver(request(epoch(), "01"));
            client.publish();
            CompletableFuture<Void> written = new CompletableFuture<>();
            fleet.written = written;
            int id = client.publish(topic, "{}", 1);
            client.raw(new byte[] {(byte) 0xc0, 0});
            assertThat(client.packet()[0]).as("an answer to the ping alone").isEqualTo((byte) 0xd0);
            written.complete(null);
            assertThat(client.packet()).containsExactly(0x40, 2, id >> 8, id);
            fleet.full = true;
            client.publish(topic, "{}", 1);
            assertThat(client.closed()).as("without a PUBACK").isTrue();
        }
    }

    @Test
    void reportsADisconnectedDeviceOnceThereIsRoom() throws IOException {
        long epoch;
        try (MqttClient client = connected()) {
            epoch = epoch();
            fleet.full = true;
        }
        await().until(() -> fleet.refused.stream().anyMatch(DeviceDisconnected.class::isInstance));
        fleet.full = false;
        await().untilAsserted(() -> assertThat(fleet.reported(DeviceDisconnected.class))
                .extracting(DeviceDisconnected::getEpoch)
                .containsExactly(epoch));
    }

    @Test
    void acknowledgesTelemetryWithItsProperties() throws IOException {
        try (MqttClient client = connected()) {
            int id = client.publish("devices/d/messages/events/%24.mid=m%201&a%26b=%C3%BC%3D%2Fx&k2=&alone", "{}", 1);
            assertThat(client.packet()).containsExactly(0x40, 2, id >> 8, id);
            assertThat(fleet.messages.getFirst().getProperties())
                    .containsEntry("$.mid", "m 1")
                    .containsEntry("a&b", "ü=/x")
                    .containsEntry("k2", "")
                    .containsEntry("alone", null);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "devices/other/messages/events/",
                "devices/d/messages/devicebound/",
                "$iothub/methods/POST/x/?$rid=1",
                "$iothub/twin/GET/",
                "$iothub/methods/res/abc/?$rid=1",
                "$iothub/methods/res/200/?rid=50%",
                "anything",
                "devices/d/messages/events/%zz"
            })
    void endsTheConnectionAtAForeignTopic(String topic) throws IOException {
        try (MqttClient client = connected()) {
            client.publish(topic, "{}", 0);
            assertThat(client.closed()).isTrue();
        }
    }

    /** Echoes a request id to the byte. Contract: iot-hub, 4.5. */
    @ParameterizedTest
    @ValueSource(strings = {"50%", "%zz", "%24", "x&other=50%"})
    void echoesAnyRequestId(String query) throws IOException {
        String rid = query.split("&")[0];
        try (MqttClient client = connected(TWIN, METHODS)) {
            client.publish("$iothub/twin/GET/?$rid=" + query, "", 0);
            await().untilAsserted(() -> assertThat(fleet.reported(RequestTwin.class))
                    .extracting(RequestTwin::getRid)
                    .containsExactly(rid));
            client.publish("$iothub/twin/PATCH/properties/reported/?$rid=" + query + "&$version=3", "{}", 0);
            await().untilAsserted(() -> assertThat(fleet.reported(PatchReported.class))
                    .singleElement()
                    .satisfies(patch -> {
                        assertThat(patch.getRid()).isEqualTo(rid);
                        assertThat(patch.getExpectedVersion()).isEqualTo(3);
                    }));
            deliver(request(epoch(), "0a"));
            client.publish();
            client.publish("$iothub/methods/res/200/?$rid=0a&note=50%", "{}", 0);
            await().untilAsserted(() ->
                    assertThat(fleet.reported(MethodAnswered.class)).hasSize(1));
        }
    }

    @Test
    void refusesAMalformedVersionAndKeepsTheConnection() throws IOException {
        try (MqttClient client = connected(TWIN)) {
            client.publish("$iothub/twin/PATCH/properties/reported/?$rid=7&$version=abc", "{}", 0);
            assertThat(client.publish().topic()).isEqualTo("$iothub/twin/res/400/?$rid=7");
            assertThat(fleet.reported(PatchReported.class)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "devices/other/messages/events/",
                "devices/d/messages/events/a=50%",
                "devices/d/messages/events/#",
                "$iothub/twin/GET/?$rid=1",
                "x"
            })
    void refusesAConnectWithAForbiddenWill(String topic) throws IOException {
        try (MqttClient client = client()) {
            assertThat(client.connectWithWill("d", "hub.test/d", goodToken(), topic, "bye"))
                    .isEqualTo(5);
        }
        assertThat(fleet.asked).isEmpty();
    }

    /** Lists ids that must not come into logs and records. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "x\n2026-11-28T00:00:00.000Z ERROR [main] ServiceProgram - forged\u001b[31m",
                "x\r\ny",
                "d/m\n",
                "ü",
                "a b",
                "a\"b",
                "LONG"
            })
    void refusesAMalformedIdWithoutAskingTheFleet(String given) throws IOException {
        String id = given.equals("LONG") ? "x".repeat(129) : given;
        try (MqttClient client = client()) {
            assertThat(client.connect(id, "hub.test/" + id, "any", false)).isEqualTo(5);
        }
        assertThat(fleet.asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"30 80 80 40", "10 81 80 04", "10 ff ff ff ff", "c0 00", "47 45 54 20"})
    void closesAtAFirstPacketThatIsNoConnectOrTooLarge(String bytes) throws IOException {
        try (MqttClient client = client()) {
            client.raw(HexFormat.ofDelimiter(" ").parseHex(bytes));
            assertThat(client.closed()).isTrue();
        }
        assertThat(meters.counter("muster.gateway.packets.refused", "reason", "first packet")
                        .count())
                .isEqualTo(1);
    }

    @Test
    void readsAConnectThatComesByteByByte() throws IOException {
        try (MqttClient client = client()) {
            for (byte one : MqttClient.connectPacket("d", "hub.test/d", goodToken(), false)) {
                client.raw(new byte[] {one});
            }
            assertThat(client.packet()).containsExactly(0x20, 2, 0, 0);
        }
    }

    @Test
    void limitsUnauthenticatedConnectionsOfAnAddressAndNoDevices() throws IOException {
        List<MqttClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i <= MOST_CONNECTS; i++) {
                clients.add(client());
            }
            // Any of them may be the one too many: they arrive in several threads.
            await().until(() -> clients.removeIf(MqttClient::isClosedNow));
            assertThat(clients).hasSize(MOST_CONNECTS);
            MqttClient first = clients.getFirst();
            assertThat(first.connect("d", "hub.test/d", goodToken(), false)).isZero();
            try (MqttClient another = client()) {
                assertThat(another.connect("nobody", "hub.test/nobody", goodToken(), false))
                        .as("the first has made room")
                        .isEqualTo(5);
                assertThat(another.closed()).isTrue();
            }
            await().until(() -> {
                try (MqttClient one = client()) {
                    return one.connect("nobody", "hub.test/nobody", "any", false) == 5;
                }
            });
        } finally {
            for (MqttClient client : clients) {
                client.close();
            }
        }
    }

    /** Bounds how many requests an address may have refused at once, and in a second from then on. */
    private static final int REFUSED_AT_ONCE = 100;

    private static final int REFUSED_IN_A_SECOND = 10;

    private void connectAsNobody(int times) throws IOException {
        for (int i = 0; i < times; i++) {
            try (MqttClient client = client()) {
                client.connect("nobody" + i, "hub.test/nobody" + i, "any", false);
            } catch (EOFException | SocketException _) {
                // Closed before its CONNECT.
            }
        }
    }

    @Test
    void throttlesOnlyAnAddressWhoseConnectsAreRefused() throws IOException {
        Instant start = Instant.now();
        now = start;
        connectAsNobody(1000);
        assertThat(fleet.asked).hasSize(REFUSED_AT_ONCE);
        try (MqttClient other = clientOf("127.0.0.2")) {
            assertThat(other.connect("d", "hub.test/d", goodToken(), false)).isZero();
        }
        fleet.asked.clear();
        now = start.plusSeconds(1);
        connectAsNobody(100);
        assertThat(fleet.asked).hasSize(REFUSED_IN_A_SECOND);
        now = start.plusSeconds(2);
        for (int i = 0; i < 3 * REFUSED_AT_ONCE; i++) {
            try (MqttClient device = client()) {
                assertThat(device.connect("d", "hub.test/d", goodToken(), false))
                        .as("devices that are accepted are any number")
                        .isZero();
            }
        }
    }

    private MqttClient clientBehindAProxy(String header) throws IOException {
        MqttClient client =
                new MqttClient(new Socket("127.0.0.1", server.proxiedPort().orElseThrow()));
        client.raw(header.getBytes(StandardCharsets.US_ASCII));
        return client;
    }

    private static String from(String address) {
        return "PROXY " + (address.contains(":") ? "TCP6 " + address + " ::1" : "TCP4 " + address + " 127.0.0.1")
                + " 4000 8883\r\n";
    }

    @Test
    void takesTheAddressFromTheHeaderOfAProxy() throws IOException {
        now = Instant.now();
        for (String attacker : List.of("203.0.113.7", "2001:db8::7")) {
            fleet.asked.clear();
            for (int i = 0; i < 3 * REFUSED_AT_ONCE; i++) {
                try (MqttClient client = clientBehindAProxy(from(attacker))) {
                    client.connect("nobody", "hub.test/nobody", "any", false);
                } catch (EOFException | SocketException _) {
                    // Closed before its CONNECT.
                }
            }
            assertThat(fleet.asked).as(attacker).hasSize(REFUSED_AT_ONCE);
        }
        for (String other : List.of(from("203.0.113.8"), from("2001:db8:0:1::7"), "PROXY UNKNOWN\r\n")) {
            try (MqttClient device = clientBehindAProxy(other)) {
                assertThat(device.connect("d", "hub.test/d", goodToken(), false))
                        .as(other)
                        .isZero();
            }
        }
    }

    /** Limits the port of ingresses by itself: an ingress before the API is one address, and the chart lifts the limits of that port. */
    @Test
    void limitsProxiedAndDirectConnectionsSeparately() throws IOException {
        now = Instant.now();
        for (int i = 0; i < REFUSED_AT_ONCE; i++) {
            try (MqttClient client = clientBehindAProxy(from("127.0.0.1"))) {
                assertThat(client.connect("nobody", "hub.test/nobody", "any", false))
                        .isNotZero();
            }
        }
        try (MqttClient device = clientBehindAProxy(from("127.0.0.1"))) {
            assertThat(device.closed()).isTrue();
        }
        try (MqttClient device = client()) {
            assertThat(device.connect("d", "hub.test/d", goodToken(), false)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "PROXY TCP4 here there 1 2\r\n", "PROXY TCP4", "GET / HTTP/1.1\r\n\r\n"})
    void closesAProxiedConnectionWithoutAHeader(String header) throws IOException {
        try (MqttClient client = clientBehindAProxy(header)) {
            client.raw(MqttClient.connectPacket("d", "hub.test/d", goodToken(), false));
            assertThat(client.closed()).isTrue();
        }
        assertThat(fleet.asked).isEmpty();
    }

    @Test
    void countsARefusalWhoseConnectionHasEnded() throws IOException {
        now = Instant.now();
        CompletableFuture<Void> verdict = new CompletableFuture<>();
        fleet.terms = verdict;
        byte[] connect = MqttClient.connectPacket("nobody", "hub.test/nobody", "any", false);
        byte[] behindIt = {(byte) 0xf0, 0};
        for (int i = 0; i < REFUSED_AT_ONCE; i++) {
            try (MqttClient client = client()) {
                client.raw(ByteBuffer.allocate(connect.length + behindIt.length)
                        .put(connect)
                        .put(behindIt)
                        .array());
                assertThat(client.closed()).isTrue();
            }
        }
        assertThat(fleet.asked).hasSize(REFUSED_AT_ONCE);
        verdict.complete(null);
        await().until(() -> {
            try (MqttClient client = client()) {
                return client.isClosedNow();
            }
        });
    }

    @Test
    void endsTheConnectionAtQos2AndRefusesForeignFilters() throws IOException {
        try (MqttClient client = connected()) {
            assertThat(client.subscribe("devices/other/messages/devicebound/#", "#", METHODS))
                    .containsExactly(0x80, 0x80, 0);
            client.publish("devices/d/messages/events/", "{}", 2);
            assertThat(client.closed()).isTrue();
        }
    }

    @Test
    void endsTheOlderConnectionOfADevice() throws IOException {
        try (MqttClient older = connected();
                MqttClient newer = connected(METHODS)) {
            assertThat(older.closed()).isTrue();
            deliver(request(epoch(), "0a"));
            assertThat(newer.publish().topic()).endsWith("$rid=0a");
        }
    }

    @Test
    void sendsTheWillOfALostConnection() throws IOException {
        try (MqttClient client = client()) {
            assertThat(client.connectWithWill(
                            "d", "hub.test/d", goodToken(), "devices/d/messages/events/why=lost", "bye"))
                    .isZero();
        }
        await().untilAsserted(() -> assertThat(fleet.messages)
                .singleElement()
                .satisfies(message -> assertThat(message.getProperties())
                        .containsEntry("why", "lost")
                        .containsEntry("iothub-MessageType", "Will")));
    }

    @Test
    void reportsARepeatedSubscriptionOnce() throws IOException {
        try (MqttClient client = connected(METHODS)) {
            client.subscribe(METHODS);
            assertThat(fleet.reported(SubscriptionsChanged.class))
                    .singleElement()
                    .satisfies(changed -> {
                        assertThat(changed.getSubscriptions()).containsExactly(METHODS);
                        assertThat(changed.getCapabilities()).containsExactly(Capability.METHODS);
                    });
        }
    }

    /** Ends at most the connection that sends damaged packets; others go on, and nothing unexpected reaches the fleet. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void servesOthersWhileOneSendsDamagedPackets(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        try (MqttClient bystander = connected(METHODS)) {
            long epoch = epoch();
            for (int round = 0; round < 60; round++) {
                try (MqttClient attacker = client()) {
                    byte[] packet = random.nextBoolean()
                            ? MqttClient.connectPacket("x", "hub.test/x", "p", false)
                            : MqttClient.publishPacket("devices/d/messages/events/", "{}", 1, 1);
                    for (int hit = 0; hit < 1 + random.nextInt(6); hit++) {
                        packet[random.nextInt(packet.length)] = (byte) random.nextInt(256);
                    }
                    attacker.raw(packet);
                    byte[] noise = new byte[random.nextInt(200)];
                    random.nextBytes(noise);
                    attacker.raw(noise);
                } catch (IOException _) {
                    // The server may have hung up before everything was written.
                }
            }
            deliver(request(epoch, "0b"));
            assertThat(bystander.publish().topic()).endsWith("$rid=0b");
            assertThat(fleet.messages).isEmpty();
            assertThat(fleet.reported(DeviceConnected.class)).hasSize(1);
        }
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(
                                meters.get("muster.gateway.connections").gauge().value())
                        .isZero());
    }
}
