package io.muster.system;

import static io.muster.system.RunningMuster.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.microsoft.azure.sdk.iot.device.ClientOptions;
import com.microsoft.azure.sdk.iot.device.DeviceClient;
import com.microsoft.azure.sdk.iot.device.IotHubClientProtocol;
import com.microsoft.azure.sdk.iot.device.IotHubMessageResult;
import com.microsoft.azure.sdk.iot.device.Message;
import com.microsoft.azure.sdk.iot.device.ProxySettings;
import com.microsoft.azure.sdk.iot.device.exceptions.IotHubClientException;
import com.microsoft.azure.sdk.iot.device.transport.NoRetry;
import com.microsoft.azure.sdk.iot.device.twin.DirectMethodResponse;
import com.microsoft.azure.sdk.iot.device.twin.TwinCollection;
import io.muster.access.ConnectionString;
import io.muster.standalone.RestClient;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs Java's device SDK, unmodified and with its true connection string, over both transports. Its ports are fixed, and lead to ours. */
class JavaDeviceSdkTest {
    private static final int TWIN_LIMIT_MS = 3000;

    @ParameterizedTest
    @CsvSource({"MQTT, java-mqtt", "MQTT_WS, java-ws"})
    void mavenIotDeviceClient(IotHubClientProtocol protocol, String deviceId) throws Exception {
        RunningMuster muster = RunningMuster.get();
        RestClient rest = muster.rest;
        boolean direct = protocol == IotHubClientProtocol.MQTT;
        String key = ok(rest.send("PUT", "/devices/" + deviceId, "{}").join())
                .at("/authentication/symmetricKey/primaryKey")
                .asText();
        ok(rest.send("PATCH", "/twins/" + deviceId, "{\"properties\":{\"desired\":{\"rate\":1}}}")
                .join());
        try (PortProxy way = direct
                ? PortProxy.at("hub.test", 8883, muster.standalone.options().mqttPort())
                : PortProxy.to(muster.standalone.options().restPort())) {
            ClientOptions.ClientOptionsBuilder building =
                    ClientOptions.builder().sslContext(RestClient.trusting(muster.standalone.caFile()));
            ClientOptions options =
                    (direct ? building : building.proxySettings(new ProxySettings(way.asHttpProxy()))).build();
            DeviceClient device = new DeviceClient(
                    ConnectionString.ofDevice("hub.test", deviceId, key).text(), protocol, options);
            device.open(false);

            Queue<String> messages = new ConcurrentLinkedQueue<>();
            device.setMessageCallback(
                    (message, _) -> {
                        messages.add(message.getMessageId() + " " + message.getProperty("color") + " "
                                + new String(message.getBytes(), Message.DEFAULT_IOTHUB_MESSAGE_CHARSET));
                        return IotHubMessageResult.COMPLETE;
                    },
                    null);
            ok(rest.send("POST", "/devices/" + deviceId + "/messages/devicebound", "{\"n\":1}")
                    .join());
            await().untilAsserted(() ->
                    assertThat(messages).singleElement().asString().endsWith("{\"n\":1}"));

            Queue<String> invoked = new ConcurrentLinkedQueue<>();
            device.subscribeToMethods(
                    (name, payload, _) -> {
                        invoked.add(name + " " + payload.getPayloadAsJsonString());
                        return new DirectMethodResponse(name.equals("odd") ? 418 : 200, List.of(1, 2));
                    },
                    null);
            assertThat(ok(method(rest, deviceId, "{\"methodName\":\"ping\",\"payload\":{\"a\":1}}"))
                            .toString())
                    .isEqualTo("{\"status\":200,\"payload\":[1,2]}");
            assertThat(ok(method(rest, deviceId, "{\"methodName\":\"odd\"}"))
                            .path("status")
                            .asInt())
                    .isEqualTo(418);
            assertThat(invoked).containsExactly("ping {\"a\":1}", "odd null");

            Queue<Object> rates = new ConcurrentLinkedQueue<>();
            device.subscribeToDesiredProperties(
                    (twin, _) -> rates.add(twin.getDesiredProperties().get("rate")), null);
            assertThat(answered(() -> device.getTwin(TWIN_LIMIT_MS)).getDesiredProperties())
                    .containsEntry("rate", 1L);
            ok(rest.send("PATCH", "/twins/" + deviceId, "{\"properties\":{\"desired\":{\"rate\":2}}}")
                    .join());
            await().untilAsserted(() -> assertThat(rates).containsExactly(2L));
            TwinCollection reported = new TwinCollection();
            reported.put("firmware", "1.2");
            int version = answered(() -> device.updateReportedProperties(reported, TWIN_LIMIT_MS))
                    .getVersion();
            assertThat(ok(rest.send("GET", "/twins/" + deviceId, null).join())
                            .at("/properties/reported/$version")
                            .asInt())
                    .isEqualTo(version);
            TwinCollection tooLarge = new TwinCollection();
            tooLarge.put("large", "x".repeat(5000));
            assertThatThrownBy(() -> device.updateReportedProperties(tooLarge))
                    .isInstanceOf(IotHubClientException.class);

            Message telemetry = new Message("{\"temperature\":21.5}");
            telemetry.setProperty("level", "high & low");
            device.sendEvent(telemetry);
            device.close();

            DeviceClient stranger = new DeviceClient(
                    ConnectionString.ofDevice("hub.test", deviceId, "AAAA" + key.substring(4))
                            .text(),
                    protocol,
                    options);
            stranger.setRetryPolicy(new NoRetry());
            assertThatThrownBy(() -> stranger.open(false)).isInstanceOf(IotHubClientException.class);
        }
        rest.send("DELETE", "/devices/" + deviceId, null).join();
    }

    /** Asks the twin until it answers: the SDK loses 4 answers in 100, all of which the gateway has written. */
    private static <T> T answered(Callable<T> request) {
        return await().atMost(Duration.ofMinutes(1))
                .ignoreExceptionsInstanceOf(IotHubClientException.class)
                .until(request, Objects::nonNull);
    }

    /** Waits until the device has subscribed, which its SDK does not wait for. */
    private static RestClient.Answer method(RestClient rest, String deviceId, String body) {
        return await().until(
                        () -> rest.send("POST", "/twins/" + deviceId + "/methods", body)
                                .join(),
                        answer -> answer.status() != 404);
    }
}
