package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.access.SharedAccessSignature;
import io.muster.records.AttemptEnding;
import io.muster.records.AttemptOver;
import io.muster.records.CreateDevice;
import io.muster.records.Credentials;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceStatus;
import io.muster.records.DeviceView;
import io.muster.records.EndingKind;
import io.muster.records.NodeJoined;
import io.muster.records.PoolEvents;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskPlace;
import io.muster.records.TaskPlaced;
import io.muster.records.TaskToken;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Fetches files of tasks as nodes do, with their own signatures (docs/nodes.md). */
class NodeFilesTest {
    private static final String HASH = "ab".repeat(32);
    private static final String KEY = "a2V5LW9mLW5vZGUtMQ==";
    private static final TaskToken TOKEN = new TaskToken("fleet.purge.1", 7L);

    private final HttpClient http = HttpClient.newHttpClient();
    private final byte[] content = new byte[200_000];
    private TestApi api;

    @BeforeEach
    void start() throws IOException {
        api = TestApi.start();
        new Random(7).nextBytes(content);
        api.compute.artifacts.put(HASH, content);
        register("node-1", KEY, DeviceStatus.ENABLED);
    }

    @AfterEach
    void stop() {
        api.close();
    }

    private void register(String id, String key, DeviceStatus status) {
        DeviceSettings settings = DeviceSettings.newBuilder()
                .setCredentials(Credentials.newBuilder()
                        .setPrimaryKey(key)
                        .setSecondaryKey(key)
                        .build())
                .setStatus(status)
                .build();
        api.planner
                .device(id, new CreateDevice(settings, null, null), DeviceView.class, Duration.ofSeconds(1))
                .join();
    }

    private void happened(Object event) {
        PoolEvents events = new PoolEvents("default", TestApi.NOW, List.of(event));
        api.views.pools().read(events);
        api.views.nodes().read(events);
    }

    private void place(String node) {
        happened(new TaskPlaced(TOKEN, new TaskAttempt(0, 0, 0), List.of(new TaskPlace(node, 1L)), List.of(HASH), 1));
    }

    private static String token(String device, String key) {
        return SharedAccessSignature.sign("localhost/devices/" + device, key, null, TestApi.NOW.plusSeconds(60));
    }

    private HttpRequest.Builder request(String device, String token) {
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + api.server.port() + "/compute/artifacts/" + HASH))
                .header("Authorization", token)
                .header("x-muster-device", device);
    }

    private HttpResponse<byte[]> fetch(HttpRequest.Builder request) throws Exception {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    @Test
    void fetchesTheFileOfATaskThatIsPlacedOnIt() throws Exception {
        place("node-1");
        HttpResponse<byte[]> answer = fetch(request("node-1", token("node-1", KEY)));
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo(content);
        int asked = api.planner.commands.size();
        assertThat(fetch(request("node-1", token("node-1", KEY))).statusCode()).isEqualTo(200);
        assertThat(api.planner.commands).as("a signature is checked once").hasSize(asked);
    }

    @Test
    void fetchesARange() throws Exception {
        place("node-1");
        HttpResponse<byte[]> answer =
                fetch(request("node-1", token("node-1", KEY)).header("Range", "bytes=150000-"));
        assertThat(answer.statusCode()).isEqualTo(206);
        assertThat(answer.body()).isEqualTo(Arrays.copyOfRange(content, 150_000, 200_000));
        assertThat(answer.headers().firstValue("Content-Range")).contains("bytes 150000-199999/200000");
        assertThat(fetch(request("node-1", token("node-1", KEY)).header("Range", "bytes=200000-"))
                        .statusCode())
                .isEqualTo(416);
    }

    private void join(String node) {
        happened(new NodeJoined(node, 0, 1L, "boot", 1, List.of("bash"), ""));
    }

    private long millisecondsOfARefusal(HttpRequest.Builder request) throws Exception {
        long began = System.nanoTime();
        assertThat(fetch(request).statusCode()).isEqualTo(404);
        return (System.nanoTime() - began) / 1_000_000;
    }

    @Test
    void keepsNobodyWaitingWhoIsNoNodeOrNamesNoFile() throws Exception {
        assertThat(millisecondsOfARefusal(request("node-1", token("node-1", KEY))))
                .as("a device that is no node")
                .isLessThan(4_000);
        join("node-1");
        assertThat(millisecondsOfARefusal(request("node-1", token("node-1", KEY))
                        .uri(URI.create("http://127.0.0.1:" + api.server.port() + "/compute/artifacts/made-up"))))
                .as("no hash")
                .isLessThan(4_000);
    }

    @Test
    void letsOneNodeWaitForFewFilesAtOnce() throws Exception {
        join("node-1");
        join("node-2");
        register("node-2", KEY, DeviceStatus.ENABLED);
        place("node-2");
        fetch(request("node-2", token("node-2", KEY)));
        List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            answers.add(http.sendAsync(
                    request("node-1", token("node-1", KEY)).build(), HttpResponse.BodyHandlers.ofByteArray()));
        }
        assertThat(fetch(request("node-2", token("node-2", KEY))).statusCode())
                .as("another goes on")
                .isEqualTo(200);
        List<Integer> statuses = new ArrayList<>();
        for (CompletableFuture<HttpResponse<byte[]>> answer : answers) {
            statuses.add(answer.get().statusCode());
        }
        assertThat(statuses).containsOnly(404, 429);
        assertThat(statuses.stream().filter(status -> status == 404)).hasSize(16);
    }

    @Test
    void waitsForTheEventThatPlacesTheTask() throws Exception {
        join("node-1");
        CompletableFuture<HttpResponse<byte[]>> answer = http.sendAsync(
                request("node-1", token("node-1", KEY)).build(), HttpResponse.BodyHandlers.ofByteArray());
        place("node-2");
        assertThat(answer).isNotDone();
        place("node-1");
        assertThat(answer.get().statusCode()).isEqualTo(200);
    }

    @Test
    void fetchesNothingOfOtherNodesNorBehindTheEndOfItsTask() throws Exception {
        register("node-2", KEY, DeviceStatus.ENABLED);
        place("node-1");
        assertThat(fetch(request("node-2", token("node-2", KEY))).statusCode()).isEqualTo(404);
        happened(new AttemptOver(TOKEN, "node-1", new AttemptEnding(EndingKind.EXITED, 0, null, "")));
        assertThat(fetch(request("node-1", token("node-1", KEY))).statusCode()).isEqualTo(404);
    }

    @Test
    void refusesWhatIsNoSignatureOfTheNode() throws Exception {
        register("node-2", "b3RoZXIta2V5", DeviceStatus.ENABLED);
        register("node-3", KEY, DeviceStatus.DISABLED);
        place("node-1");
        assertThat(fetch(request("node-1", token("node-1", "b3RoZXIta2V5"))).statusCode())
                .as("another key")
                .isEqualTo(401);
        assertThat(fetch(request("node-1", token("node-2", KEY))).statusCode())
                .as("of another device")
                .isEqualTo(401);
        assertThat(fetch(request("node-3", token("node-3", KEY))).statusCode())
                .as("disabled")
                .isEqualTo(401);
        assertThat(fetch(request("nobody", token("nobody", KEY))).statusCode())
                .as("unknown")
                .isEqualTo(401);
        assertThat(fetch(request("node-1", api.token("iothubowner"))).statusCode())
                .as("a policy's")
                .isEqualTo(401);
        assertThat(fetch(request("node-1", "nonsense")).statusCode()).isEqualTo(401);
        assertThat(fetch(HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + api.server.port() + "/compute/artifacts/" + HASH)))
                        .statusCode())
                .isEqualTo(401);
        api.clock.set(TestApi.NOW.plusSeconds(3600));
        assertThat(fetch(request("node-1", token("node-1", KEY))).statusCode())
                .as("expired")
                .isEqualTo(401);
    }
}
