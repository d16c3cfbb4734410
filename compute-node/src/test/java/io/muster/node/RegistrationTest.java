package io.muster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.entry;

import com.sun.net.httpserver.HttpServer;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessSignature;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Registers at a hub of the test's own, which answers as the API does. */
class RegistrationTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
    private static final String KEY = "c2VjcmV0";

    @TempDir
    private Path folder;

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<String> tokens = new CopyOnWriteArrayList<>();
    private volatile int registered = 200;
    private volatile String tags = "{}";
    private HttpServer server;

    @BeforeEach
    void serve() throws IOException {
        SharedAccessPolicies.generate(new SecureRandom()).store(policies());
        server = HttpServer.create(new InetSocketAddress("localhost", 0), 0);
        server.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String request =
                    exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
            requests.add(request + " " + body);
            tokens.add(exchange.getRequestHeaders().getFirst("Authorization"));
            String answer = switch (request) {
                case "GET /devices/muster-node-0" ->
                    "{\"authentication\":{\"symmetricKey\":{\"primaryKey\":\"" + KEY + "\"}}}";
                case "GET /twins/muster-node-0" -> "{\"tags\":" + tags + "}";
                default -> "{}";
            };
            byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(request.startsWith("PUT") ? registered : 200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private Path policies() {
        return folder.resolve("policies.properties");
    }

    private Path connectionString() {
        return folder.resolve("connection-string");
    }

    private String register(String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--device.id=muster-node-0",
                "--hub.host=hub.example.com",
                "--rest.url=http://localhost:" + server.getAddress().getPort(),
                "--policies.file=" + policies()));
        arguments.addAll(List.of(more));
        return Registration.register(
                arguments.toArray(String[]::new),
                Map.of("MUSTER_CONNECTION_STRING_FILE", connectionString().toString()),
                NOW);
    }

    @Test
    void registersADeviceInItsPoolAndWritesItsConnectionString() throws Exception {
        assertThat(register("--pool=plant", "--host=gateway.example.com"))
                .isEqualTo("The node muster-node-0 is registered, in the pool plant.");
        assertThat(requests)
                .containsExactly(
                        "PUT /devices/muster-node-0 {\"deviceId\":\"muster-node-0\"}",
                        "GET /twins/muster-node-0 ",
                        "PATCH /twins/muster-node-0 {\"tags\":{\"compute\":{\"pool\":\"plant\"}}}",
                        "GET /devices/muster-node-0 ");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(connectionString())))
                .isEqualTo("rw-------");
        NodeSettings settings = NodeSettings.of(
                new String[] {"--connection.string.file=" + connectionString(), "--data.dir=" + folder}, Map.of());
        assertThat(settings.deviceId()).isEqualTo("muster-node-0");
        assertThat(settings.hub().hubHost()).isEqualTo("hub.example.com");
        assertThat(settings.hub().host()).isEqualTo("gateway.example.com");
    }

    @Test
    void signsWithAPolicyThatMayRegisterDevices() throws Exception {
        register();
        SharedAccessPolicies policies = SharedAccessPolicies.load(policies());
        assertThat(tokens).isNotEmpty().allSatisfy(text -> {
            SharedAccessSignature token = SharedAccessSignature.parse(text).orElseThrow();
            assertThat(token.keyName()).contains("iothubowner");
            assertThat(token.isSignedWith(
                            policies.named("iothubowner").orElseThrow().keys()))
                    .isTrue();
            assertThat(token.isExpired(NOW)).isFalse();
        });
    }

    @Test
    void changesNothingASecondTime() throws Exception {
        register("--pool=plant");
        registered = 409;
        tags = "{\"compute\":{\"pool\":\"plant\",\"drain\":true}}";
        requests.clear();
        register("--pool=plant");
        assertThat(requests)
                .containsExactly(
                        "PUT /devices/muster-node-0 {\"deviceId\":\"muster-node-0\"}",
                        "GET /twins/muster-node-0 ",
                        "GET /devices/muster-node-0 ");
        assertThat(Files.readString(connectionString())).contains(KEY);
    }

    @Test
    void marksASpareNodeThatIsToBeInNoPool() throws Exception {
        register();
        assertThat(requests).contains("PATCH /twins/muster-node-0 {\"tags\":{\"compute\":{\"spare\":true}}}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"compute\":{\"spare\":true}}", "{\"compute\":{\"pool\":\"plant\"}}"})
    void leavesTheTagsOfANodeThatHasItsMark(String before) throws Exception {
        tags = before;
        register();
        assertThat(requests).noneMatch(request -> request.startsWith("PATCH"));
    }

    @Test
    void saysWhyTheApiRefuses() {
        registered = 401;
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(this::register)
                .withMessageContaining("The API refuses PUT /devices/muster-node-0: it answered 401");
        assertThat(connectionString()).doesNotExist();
    }

    @Test
    void saysThatTheApiDoesNotAnswer() {
        server.stop(0);
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(this::register)
                .withMessageContaining("does not answer");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --device.id=a/b | --device.id
            --pool=a/b      | --pool
            --pol=plant     | no option is called --pol
            --rest.url=hub  | --rest.url
            """)
    void refusesWhatCantWork(String argument, String why) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> register(argument))
                .withMessageContaining(why);
        assertThat(requests).isEmpty();
    }

    @Test
    void pinsEverySettingAsThePageOfNodesDoes() throws Exception {
        Given given = Given.of(
                new String[] {
                    "--device.id=muster-node-0",
                    "--hub.host=hub.example.com",
                    "--rest.url=http://localhost:" + server.getAddress().getPort(),
                    "--policies.file=" + policies(),
                    "--connection.string.file=" + connectionString()
                },
                Map.of(),
                Registration.NAMES);
        Registration.register(given, NOW);
        assertThat(given.defaults())
                .containsOnlyKeys(Registration.NAMES)
                .containsOnly(
                        entry("device.id", "required"),
                        entry("pool", "none"),
                        entry("hub.host", "required"),
                        entry("host", "none"),
                        entry("rest.url", "none"),
                        entry("ca", "none"),
                        entry("policies.file", "required"),
                        entry("connection.string.file", "required"));
        SettingsTable.rejectOtherDefaults(1, given.defaults());
    }
}
