package io.muster.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.access.TrustedAuthorities;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;
import org.jspecify.annotations.Nullable;

/** A registry over Confluent's REST API ({@code /subjects/…/versions}, {@code /schemas/ids/…}, {@code /config}). */
public final class ConfluentSchemaRegistry implements SchemaRegistry {
    /** What every subject promises: a reader of today reads everything ever written. */
    public static final String COMPATIBILITY = "BACKWARD_TRANSITIVE";

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    /** Whether anything was asked twice does not matter to it, so one that is starved for a while is asked again. */
    private static final int TRIES = 3;

    private static final ObjectMapper JSON = new ObjectMapper();

    /** No such subject, no such version, no such schema. */
    private static final Set<Integer> UNKNOWN = Set.of(40401, 40402, 40403);

    private record Registration(String subject, Schema schema) {}

    private final RegistrySettings settings;
    private final Duration timeout;
    private final HttpClient http;
    private final Map<Registration, Integer> ids = new ConcurrentHashMap<>();
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();

    public ConfluentSchemaRegistry(RegistrySettings settings) {
        this(settings, TIMEOUT);
    }

    /** @param timeout of each try */
    ConfluentSchemaRegistry(RegistrySettings settings, Duration timeout) {
        this.settings = settings;
        this.timeout = timeout;
        HttpClient.Builder builder =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(timeout);
        Path caFile = settings.caFile();
        if (caFile != null) {
            builder.sslContext(trusting(caFile));
        }
        this.http = builder.build();
    }

    @Override
    public int register(String subject, Schema schema) {
        return ids.computeIfAbsent(new Registration(subject, schema), this::post);
    }

    @Override
    public Schema byId(int id) {
        return schemas.computeIfAbsent(id, this::get);
    }

    @Override
    public Registered latest(String subject) {
        JsonNode answer = send("GET", versions(subject) + "/latest", null);
        int id = answer.required("id").asInt();
        return new Registered(id, byId(id));
    }

    private static String versions(String subject) {
        return "/subjects/" + URLEncoder.encode(subject, StandardCharsets.UTF_8) + "/versions";
    }

    /** Sets {@link #COMPATIBILITY} for every subject that has no rule of its own. */
    public void requireCompatibility() {
        send("PUT", "/config", Map.of("compatibility", COMPATIBILITY));
    }

    private int post(Registration registration) {
        JsonNode answer = send(
                "POST",
                versions(registration.subject()),
                Map.of("schemaType", "AVRO", "schema", registration.schema().toString()));
        return answer.required("id").asInt();
    }

    private Schema get(int id) {
        JsonNode answer = send("GET", "/schemas/ids/" + id, null);
        try {
            return new Schema.Parser().parse(answer.required("schema").asText());
        } catch (SchemaParseException e) {
            throw new SchemaRegistryException("Schema " + id + " is not an Avro schema.", true, e);
        }
    }

    private JsonNode send(String method, String path, @Nullable Map<String, String> body) {
        URI uri = URI.create(settings.url().toString().replaceAll("/+$", "") + path);
        try {
            HttpRequest.BodyPublisher publisher = body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(JSON.writeValueAsString(body));
            HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                    .timeout(timeout)
                    .header("Content-Type", "application/vnd.schemaregistry.v1+json")
                    .header("Accept", "application/vnd.schemaregistry.v1+json, application/json")
                    .method(method, publisher);
            if (settings.user() != null) {
                String pair = settings.user() + ":" + settings.password();
                request.header(
                        "Authorization",
                        "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
            }
            HttpResponse<String> response = send(request.build());
            if (response.statusCode() / 100 != 2) {
                throw refused(method, uri, response);
            }
            return JSON.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new SchemaRegistryException(
                    "What answers at " + uri + " is not a schema registry: its answer is not JSON.", false, e);
        } catch (IOException e) {
            throw new SchemaRegistryException(
                    "The schema registry at " + settings.url() + " can't be reached (" + e
                            + "). Start it, or correct its address.",
                    false,
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SchemaRegistryException("Interrupted while waiting for the schema registry.", false, e);
        }
    }

    private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        for (int tries = 1; ; tries++) {
            try {
                return http.send(request, HttpResponse.BodyHandlers.ofString());
            } catch (HttpTimeoutException e) {
                if (tries == TRIES) {
                    throw e;
                }
            }
        }
    }

    private static SchemaRegistryException refused(String method, URI uri, HttpResponse<String> response) {
        return new SchemaRegistryException(
                "The schema registry answered " + response.statusCode() + " to " + method + " " + uri + ": "
                        + response.body().strip(),
                response.statusCode() == 404 && UNKNOWN.contains(errorCode(response.body())),
                response.statusCode());
    }

    /** Returns the code of an error of Confluent's API; 0 where the answer is none: a proxy, another server or another path answered. */
    private static int errorCode(String body) {
        try {
            return JSON.readTree(body).path("error_code").asInt();
        } catch (JsonProcessingException _) {
            return 0;
        }
    }

    private static SSLContext trusting(Path caFile) {
        try {
            return TrustedAuthorities.tls(caFile);
        } catch (IOException e) {
            throw new IllegalArgumentException("The CA file of the registry can't be used, caFile=" + caFile, e);
        }
    }
}
