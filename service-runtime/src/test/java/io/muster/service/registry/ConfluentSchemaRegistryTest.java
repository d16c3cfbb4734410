package io.muster.service.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.muster.registry.SchemaRegistryException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfluentSchemaRegistryTest {
    private HttpServer server;

    private ConfluentSchemaRegistry registry(int status, String body) throws IOException {
        return registry(exchange -> answer(exchange, status, body));
    }

    private ConfluentSchemaRegistry registry(HttpHandler handler) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Thread.ofVirtual()::start);
        server.createContext("/", handler);
        server.start();
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        return new ConfluentSchemaRegistry(new RegistrySettings(url, null, null, null), Duration.ofSeconds(2));
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] answer = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, answer.length == 0 ? -1 : answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    /** Dead-letters records of an unknown schema only where the registry itself says so, and not a server that is no registry, or a wrong path. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            404 | {"error_code":40403,"message":"Schema not found"} | true
            404 | {"error_code":40401,"message":"Subject not found"} | true
            404 | {"error_code":404,"message":"HTTP 404 Not Found"} | false
            404 | {"title":"Not Found"} | false
            404 | <html>Not Found</html> | false
            404 | '' | false
            403 | {"error_code":40403} | false
            500 | {"error_code":40403} | false
            """)
    void trustsOnlyTheRegistryThatASchemaIsUnknown(int status, String body, boolean unknown) throws IOException {
        ConfluentSchemaRegistry registry = registry(status, body);
        assertThat(catchThrowableOfType(SchemaRegistryException.class, () -> registry.byId(7))
                        .isUnknownSchema())
                .isEqualTo(unknown);
        assertThat(catchThrowableOfType(SchemaRegistryException.class, () -> registry.latest("x"))
                        .isUnknownSchema())
                .isEqualTo(unknown);
    }

    /** Waits for the registry, or ends to be started again. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            500, true
            503, true
            429, true
            404, false
            401, false
            409, false
            """)
    void treatsARegistryThatCantAnswerNowAsAway(int status, boolean away) throws IOException {
        ConfluentSchemaRegistry registry = registry(status, "{}");
        assertThat(catchThrowableOfType(SchemaRegistryException.class, () -> registry.byId(7))
                        .isAway())
                .isEqualTo(away);
    }

    /** Accepts Apicurio's 409 to a second try while the first one, which timed out, sets the rule. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            BACKWARD_TRANSITIVE, true
            NONE, false
            """)
    void acceptsAConflictWhereTheSettingIsOurs(String setting, boolean accepted) throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        AtomicInteger puts = new AtomicInteger();
        ConfluentSchemaRegistry registry = registry(exchange -> {
            if (exchange.getRequestMethod().equals("GET")) {
                answer(exchange, 200, "{\"compatibilityLevel\":\"" + setting + "\"}");
            } else if (puts.incrementAndGet() == 1) {
                await(over);
                answer(exchange, 200, "{}");
            } else {
                answer(exchange, 409, "{\"message\":\"A rule named 'COMPATIBILITY' already exists.\"}");
            }
        });
        assertThat(catchThrowable(registry::requireCompatibility) == null).isEqualTo(accepted);
        over.countDown();
        assertThat(puts).hasValue(2);
    }

    @Test
    void refusesAConflictOnASchema() throws IOException {
        ConfluentSchemaRegistry registry = registry(409, "{\"message\":\"incompatible\"}");
        assertThatThrownBy(() -> registry.register("x", Schema.create(Schema.Type.STRING)))
                .isInstanceOf(SchemaRegistryException.class)
                .hasMessageContaining("409");
    }

    /** Asks again, since a registry may stand still for seconds on a busy machine, and a stream thread that asked it would fail. */
    @Test
    void asksARegistryThatTimesOutAgain() throws IOException {
        CountDownLatch over = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        ConfluentSchemaRegistry registry = registry(exchange -> {
            if (asked.incrementAndGet() == 1) {
                await(over);
            }
            answer(exchange, 200, "{\"schema\":\"\\\"string\\\"\"}");
        });
        assertThat(registry.byId(7).getType()).isEqualTo(Schema.Type.STRING);
        over.countDown();
        assertThat(asked).hasValueGreaterThan(1);
    }
}
