package io.muster.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.access.ConnectionString;
import io.muster.access.Right;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessPolicy;
import io.muster.access.SharedAccessSignature;
import io.muster.access.TrustedAuthorities;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Registers a node as a device of its hub, puts it into a pool, and writes its connection string, which {@link Main} reads. A second time it changes nothing. It
 * runs before the node and with other credentials, as an init container does, so that programs of tasks never see the policy's key. It does not wait for
 * the API: where that is away, run it again.
 */
public final class Registration {
    /** Says which settings there are. */
    static final String USAGE = """
            --device.id=ID --hub.host=NAME --policies.file=FILE --connection.string.file=FILE [--pool=POOL] [--host=GATEWAY]
            [--rest.url=https://HOST] [--ca=FILE]
            Each may stand in the environment too, such as MUSTER_DEVICE_ID.""";

    /** Names the settings. */
    static final Set<String> NAMES = Set.of(
            "device.id", "hub.host", "policies.file", "connection.string.file", "pool", "host", "rest.url", "ca");

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VERSION = "?api-version=2021-04-12";
    private static final Duration TOKEN_LIFE = Duration.ofMinutes(15);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int FAILED = 1;
    private static final int UNUSABLE = 2;
    private static final int OK = 200;
    private static final int CONFLICT = 409;

    private final HttpClient http;
    private final String rest;
    private final String token;

    private Registration(HttpClient http, String rest, String token) {
        this.http = http;
        this.rest = rest;
        this.token = token;
    }

    /** Registers one node and ends: with 1 where that failed and may be tried again, with 2 where a setting is wrong. */
    public static void main(String[] args) throws InterruptedException {
        try {
            System.out.println(
                    register(args, System.getenv(), InstantSource.system().instant()));
        } catch (IllegalArgumentException e) {
            System.err.println("registration: " + e.getMessage());
            System.err.println(USAGE);
            System.exit(UNUSABLE);
        } catch (IOException e) {
            System.err.println("registration: " + e.getMessage());
            System.exit(FAILED);
        }
    }

    /**
     * Registers a node.
     *
     * @return a sentence for the log
     * @throws IllegalArgumentException with a sentence, when a setting is missing or wrong
     * @throws IOException with a sentence, when the API refuses or does not answer, or a file can't be used
     */
    static String register(String[] args, Map<String, String> environment, Instant now)
            throws IOException, InterruptedException {
        return register(Given.of(args, environment, NAMES), now);
    }

    /** Registers a node by settings that were given under {@link #NAMES}. Else as above. */
    static String register(Given given, Instant now) throws IOException, InterruptedException {
        String id = named(given.required("device.id"), "device.id", "[A-Za-z0-9][A-Za-z0-9_.-]{0,127}");
        String hub = given.required("hub.host");
        URI rest = NodeSettings.rest(given.text("rest.url").orElse("https://" + hub));
        Path file = Path.of(given.required("connection.string.file"));
        Path policies = Path.of(given.required("policies.file"));
        Optional<String> pool = given.text("pool").map(name -> named(name, "pool", "[A-Za-z0-9_-]{1,64}"));
        Registration registration = new Registration(
                client(given.text("ca").map(Path::of)),
                rest.toString().replaceAll("/+$", ""),
                token(policies, hub, now));
        registration.ask("PUT", "/devices/" + id, "{\"deviceId\":\"" + id + "\"}", Set.of(OK, CONFLICT));
        registration.mark(id, pool);
        String key = registration
                .ask("GET", "/devices/" + id, "", Set.of(OK))
                .at("/authentication/symmetricKey/primaryKey")
                .asText();
        if (key.isEmpty()) {
            throw new IOException("The device " + id + " has no key of its own: delete it, so that it is made anew.");
        }
        write(file, connectionString(hub, given.text("host"), id, key));
        return "The node " + id + " is registered"
                + pool.map(name -> ", in the pool " + name).orElse("") + ".";
    }

    private static String named(String text, String setting, String pattern) {
        if (!text.matches(pattern)) {
            throw new IllegalArgumentException(
                    "--" + setting + " matches " + pattern + ", which this does not: " + text);
        }
        return text;
    }

    private static HttpClient client(Optional<Path> ca) throws IOException {
        HttpClient.Builder client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(LIMIT);
        if (ca.isPresent()) {
            client.sslContext(TrustedAuthorities.tls(ca.get()));
        }
        return client.build();
    }

    private static String token(Path file, String hub, Instant now) throws IOException {
        SharedAccessPolicy policy = SharedAccessPolicies.load(file)
                .allowing(Right.REGISTRY_WRITE)
                .orElseThrow(() -> new IOException("no policy in " + file + " has the right RegistryWrite and a key"));
        return SharedAccessSignature.sign(
                hub, policy.keys().signing().orElseThrow(), policy.name(), now.plus(TOKEN_LIFE));
    }

    /** Sets the tag that names its pool, where it names another or none. Without a pool it marks a spare node, where the device is in none. */
    private void mark(String id, Optional<String> pool) throws IOException, InterruptedException {
        JsonNode compute = ask("GET", "/twins/" + id, "", Set.of(OK)).at("/tags/compute");
        boolean marked = pool.map(name -> compute.path("pool").asText().equals(name))
                .orElse(compute.path("pool").isTextual()
                        || compute.path("spare").asBoolean());
        if (!marked) {
            String mark = pool.map(name -> "{\"pool\":\"" + name + "\"}").orElse("{\"spare\":true}");
            ask("PATCH", "/twins/" + id, "{\"tags\":{\"compute\":" + mark + "}}", Set.of(OK));
        }
    }

    private JsonNode ask(String method, String path, String body, Set<Integer> accepted)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(rest + path + VERSION))
                .timeout(LIMIT)
                .header("Authorization", token)
                .header("Content-Type", "application/json; charset=utf-8")
                .method(
                        method,
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> answer;
        try {
            answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new IOException("The API at " + rest + " does not answer (" + e + ").", e);
        }
        if (!accepted.contains(answer.statusCode())) {
            throw new IOException("The API refuses " + method + " " + path + ": it answered " + answer.statusCode()
                    + " " + answer.body());
        }
        return JSON.readTree(answer.body());
    }

    private static String connectionString(String hub, Optional<String> gateway, String id, String key) {
        return ConnectionString.ofDevice(hub, id, key).text()
                + gateway.map(host -> ";GatewayHostName=" + host).orElse("");
    }

    /** Writes a file for its owner's eyes only. */
    private static void write(Path file, String text) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text);
    }
}
