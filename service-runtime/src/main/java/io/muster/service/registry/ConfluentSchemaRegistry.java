package io.muster.service.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.access.TrustedAuthorities;
import io.muster.registry.SchemaRegistry;
import io.muster.registry.SchemaRegistryException;
import io.muster.registry.SchemaRegistryException.Reason;
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

/** Asks a registry over Confluent's REST API ({@code /subjects/…/versions}, {@code /schemas/ids/…}, {@code /config}). */
public final class ConfluentSchemaRegistry implements SchemaRegistry {
    /** Lets today's readers read everything ever written to a subject. */
    public static final String COMPATIBILITY = "BACKWARD_TRANSITIVE";

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    /** Bounds the tries of a request that times out. Every request may be repeated. */
    private static final int TRIES = 3;

    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int SERVER_ERROR = 500;

    private static final ObjectMapper JSON = new ObjectMapper();

    /** Lists the codes of Confluent's API for a subject, a version and a schema that the registry doesn't know. */
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

    /** Asks the registry of the settings, with a bound on each try. @param timeout of each try */
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

    /**
     * Sets {@link #COMPATIBILITY} for every subject without a rule of its own. A conflict counts as success where the registry has this setting:
     * a try that timed out may have taken effect while the next one was answered.
     */
    public void requireCompatibility() {
        URI uri = uri("/config");
        HttpResponse<String> response = answer("PUT", uri, Map.of("compatibility", COMPATIBILITY));
        boolean set = isSuccess(response)
                || (response.statusCode() == CONFLICT
                        && COMPATIBILITY.equals(send("GET", "/config", null)
                                .path("compatibilityLevel")
                                .asText()));
        if (!set) {
            throw refused("PUT", uri, response);
        }
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
            throw new SchemaRegistryException("Schema " + id + " is not an Avro schema.", Reason.UNKNOWN_SCHEMA, e);
        }
    }

    private JsonNode send(String method, String path, @Nullable Map<String, String> body) {
        URI uri = uri(path);
        HttpResponse<String> response = answer(method, uri, body);
        if (!isSuccess(response)) {
            throw refused(method, uri, response);
        }
        try {
            return JSON.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new SchemaRegistryException(
                    "The server at " + uri
                            + " is not a schema registry: its answer is not JSON. Correct the registry's address.",
                    Reason.REFUSED,
                    e);
        }
    }

    private URI uri(String path) {
        return URI.create(settings.url().toString().replaceAll("/+$", "") + path);
    }

    private static boolean isSuccess(HttpResponse<String> response) {
        return response.statusCode() / 100 == 2;
    }

    /** Returns the registry's answer, whatever its status is. */
    private HttpResponse<String> answer(String method, URI uri, @Nullable Map<String, String> body) {
        HttpRequest.BodyPublisher publisher = body == null
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofString(JSON.valueToTree(body).toString());
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
        try {
            return send(request.build());
        } catch (IOException e) {
            throw new SchemaRegistryException(
                    "The schema registry at " + settings.url() + " can't be reached (" + e
                            + "). Start it, or correct its address.",
                    Reason.AWAY,
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SchemaRegistryException("Interrupted while waiting for the schema registry.", Reason.REFUSED, e);
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
                reason(response.statusCode(), response.body()));
    }

    private static Reason reason(int status, String body) {
        if (status >= SERVER_ERROR || status == TOO_MANY_REQUESTS) {
            return Reason.AWAY;
        }
        return status == NOT_FOUND && UNKNOWN.contains(errorCode(body)) ? Reason.UNKNOWN_SCHEMA : Reason.REFUSED;
    }

    /** Returns the code of an error of Confluent's API; 0 where the answer has none: a proxy, another server or another path answered. */
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
