package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.CloudMessage;
import io.muster.records.SendMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Drives messages to devices as IoT Hub's clients do. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IotHubMessagesTest {
    private TestApi api;
    private ApiClient client;

    @BeforeAll
    void start() throws IOException {
        api = TestApi.start();
        client = new ApiClient(api);
    }

    @AfterAll
    void stop() {
        api.close();
    }

    @Test
    void readsAMessageFromItsBodyAndItsHeaders() throws Exception {
        client.ask("PUT", "/devices/gets-messages", "{}");
        ApiClient.Answer sent = client.ask(
                "POST",
                "/devices/gets-messages/messages/devicebound",
                "not JSON",
                "iothub-messageid",
                "m-1",
                "iothub-app-Color",
                "blue",
                "iothub-expiry",
                "2026-11-21T02:30:00Z");
        assertThat(sent.body().toString()).isEqualTo("{\"messageId\":\"m-1\",\"queued\":1}");
        CloudMessage message = ((SendMessage) api.planner.commands.getLast()).getMessage();
        assertThat(message.getProperties())
                .isEqualTo(Map.of("$.mid", "m-1", "Color", "blue", "$.exp", "2026-11-21T02:30:00Z"));
        assertThat(message.getExpiresAt()).isEqualTo(Instant.parse("2026-11-21T02:30:00Z"));
        assertThat(StandardCharsets.UTF_8.decode(message.getBody()).toString()).isEqualTo("not JSON");
        assertThat(client.ask("DELETE", "/devices/gets-messages/commands", null)
                        .body()
                        .toString())
                .isEqualTo("{\"totalMessagesPurged\":1,\"deviceId\":\"gets-messages\",\"moduleId\":null}");
        assertThat(client.ask("POST", "/devices/gets-messages/messages/devicebound", "x", "iothub-expiry", "soon")
                        .status())
                .isEqualTo(400);
        assertThat(client.ask("POST", "/devices/nobody/messages/devicebound", "x")
                        .status())
                .isEqualTo(404);
    }
}
