package io.muster.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
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
        byte[] answer = body.getBytes(StandardCharsets.UTF_8);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(status, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        return new ConfluentSchemaRegistry(new RegistrySettings(url, null, null, null));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    /** Records of a schema that is not known are put aside: a server that is no registry, or a wrong path, must not bring that about. */
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
    void onlyTheRegistryItselfSaysThatASchemaIsUnknown(int status, String body, boolean unknown) throws IOException {
        ConfluentSchemaRegistry registry = registry(status, body);
        assertThat(catchThrowableOfType(SchemaRegistryException.class, () -> registry.byId(7))
                        .unknownSchema())
                .isEqualTo(unknown);
        assertThat(catchThrowableOfType(SchemaRegistryException.class, () -> registry.latest("x"))
                        .unknownSchema())
                .isEqualTo(unknown);
    }

    /** A start waits for it then, and a service ends to be started again. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            500, true
            503, true
            429, true
            404, false
            401, false
            409, false
            """)
    void aRegistryThatCantAnswerNowIsAway(int status, boolean away) throws IOException {
        ConfluentSchemaRegistry registry = registry(status, "{}");
        assertThat(catchThrowableOfType(SchemaRegistryException.class, () -> registry.byId(7))
                        .isAway())
                .isEqualTo(away);
    }

    /** On a machine with much to do one stands still for seconds, and a stream thread that asked it would fail. */
    @Test
    void aRegistryThatDoesNotAnswerInTimeIsAskedAgain() throws IOException {
        CountDownLatch over = new CountDownLatch(1);
        AtomicInteger asked = new AtomicInteger();
        byte[] answer = "{\"schema\":\"\\\"string\\\"\"}".getBytes(StandardCharsets.UTF_8);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Thread.ofVirtual()::start);
        server.createContext("/", exchange -> {
            if (asked.incrementAndGet() == 1) {
                try {
                    over.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        ConfluentSchemaRegistry registry =
                new ConfluentSchemaRegistry(new RegistrySettings(url, null, null, null), Duration.ofSeconds(2));
        assertThat(registry.byId(7).getType()).isEqualTo(Schema.Type.STRING);
        over.countDown();
        assertThat(asked).hasValueGreaterThan(1);
    }
}
