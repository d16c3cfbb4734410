package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.muster.api.surface.iothub.GatewayTunnels;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Connects devices that speak MQTT over WebSocket to a socket that plays the gateway. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IotHubWebSocketsTest {
    private static final int PROXY_HEADER = 28;

    private final HttpClient http = HttpClient.newHttpClient();
    private ServerSocket gateway;
    private TestApi api;

    @BeforeAll
    void start() throws IOException {
        gateway = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        api = TestApi.start(new GatewayTunnels.Options("127.0.0.1", gateway.getLocalPort(), Optional.empty()));
    }

    @AfterAll
    void stop() throws IOException {
        api.close();
        gateway.close();
    }

    /** Keeps what a device receives over its WebSocket, and that it ended. */
    private static final class Heard implements WebSocket.Listener {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final CompletableFuture<Void> closed = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] part = new byte[data.remaining()];
            data.get(part);
            synchronized (bytes) {
                bytes.writeBytes(part);
                bytes.notifyAll();
            }
            socket.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            closed.complete(null);
            return CompletableFuture.completedFuture(null);
        }

        private String await(int length) throws InterruptedException {
            synchronized (bytes) {
                while (bytes.size() < length) {
                    bytes.wait(10_000);
                }
                return bytes.toString(StandardCharsets.UTF_8);
            }
        }
    }

    private WebSocket webSocket(Heard heard) throws Exception {
        return http.newWebSocketBuilder()
                .subprotocols("mqtt")
                .buildAsync(
                        URI.create("ws://127.0.0.1:" + api.server.port()
                                + "/$iothub/websocket?iothub-no-client-cert=true"),
                        heard)
                .get(10, TimeUnit.SECONDS);
    }

    /** Returns the header of the PROXY protocol, version 2, for IPv4: signature, version and command, family, length, addresses and ports. */
    private static String proxyHeader(Socket gateway) throws IOException {
        return new String(gateway.getInputStream().readNBytes(PROXY_HEADER), StandardCharsets.ISO_8859_1);
    }

    @Test
    void passesAWebSocketOnToTheGatewayAndBack() throws Exception {
        Heard heard = new Heard();
        WebSocket device = webSocket(heard);
        assertThat(device.getSubprotocol()).isEqualTo("mqtt");
        String large = "x".repeat(300_000);
        device.sendBinary(ByteBuffer.wrap("hello ".getBytes(StandardCharsets.UTF_8)), true)
                .get(10, TimeUnit.SECONDS);
        device.sendBinary(ByteBuffer.wrap(large.getBytes(StandardCharsets.UTF_8)), true)
                .get(10, TimeUnit.SECONDS);
        try (Socket passedOn = gateway.accept()) {
            passedOn.setSoTimeout(10_000);
            assertThat(proxyHeader(passedOn)).startsWith("\r\n\r\n\0\r\nQUIT\n\u0021\u0011\0\u000c\u007f\0\0\u0001");
            byte[] got = passedOn.getInputStream().readNBytes(6 + large.length());
            assertThat(new String(got, StandardCharsets.UTF_8)).isEqualTo("hello " + large);
            passedOn.getOutputStream().write(got);
            assertThat(heard.await(got.length)).isEqualTo("hello " + large);
        }
        heard.closed.get(10, TimeUnit.SECONDS);
    }

    @Test
    void refusesAWebSocketForAnotherProtocol() {
        assertThatThrownBy(() -> http.newWebSocketBuilder()
                        .subprotocols("AMQPWSB10")
                        .buildAsync(
                                URI.create("ws://127.0.0.1:" + api.server.port() + "/$iothub/websocket"), new Heard())
                        .get(10, TimeUnit.SECONDS))
                .hasCauseInstanceOf(WebSocketHandshakeException.class)
                .cause()
                .satisfies(refused -> assertThat(((WebSocketHandshakeException) refused)
                                .getResponse()
                                .statusCode())
                        .isEqualTo(400));
    }

    @Test
    void closesTheGatewaysConnectionWhenTheDeviceIsGone() throws Exception {
        WebSocket device = webSocket(new Heard());
        try (Socket passedOn = gateway.accept()) {
            passedOn.setSoTimeout(10_000);
            proxyHeader(passedOn);
            device.sendClose(WebSocket.NORMAL_CLOSURE, "").get(10, TimeUnit.SECONDS);
            assertThat(passedOn.getInputStream().read()).isEqualTo(-1);
        }
    }

    /** Answers a broken handshake, which anybody who reaches the port may send, logs nothing, and ends the connection. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^Sec-WebSocket-Version: 13                                 | 400
            POST /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^Sec-WebSocket-Version: 13^KEY                             | 400
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^KEY                                                       | 426
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: 12                             | 426
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: x                              | 426
            GET  /%24iothub/websocket  | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: 12                             | 426
            GET  /$iothub/websocket/   | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: 12                             | 426
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^Sec-WebSocket-Key: x^Sec-WebSocket-Version: 13            | 400
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: close^KEY^Sec-WebSocket-Version: 13                               | 400
            GET  /$iothub/websocket    | Connection: close                                                                                | 400
            GET  /$iothub/websocket    | Upgrade: websocket^Upgrade: h2c^Connection: Upgrade^KEY^Sec-WebSocket-Version: 13                | 400
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: 13^Sec-WebSocket-Protocol: ;;; | 400
            GET  /devices/x            | Upgrade: websocket^Connection: Upgrade,close^KEY^Sec-WebSocket-Version: 13^TOKEN                 | 404
            GET  /                     | Upgrade: websocket^Connection: Upgrade,close^KEY^Sec-WebSocket-Version: 13                       | 401
            GET  /$iothub/websocket    | Upgrade: websocket^Connection: Upgrade^KEY^Sec-WebSocket-Version: 13^Sec-WebSocket-Extensions: ;;;,,= | 101
            """)
    void refusesARequestThatIsNoHandshakeWithoutLogging(String line, String headers, int status) throws Exception {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        root.addAppender(log);
        String[] words = line.split(" +");
        String request =
                words[0] + " " + words[1] + "?" + ApiClient.VERSION + " HTTP/1.1^Host: localhost^" + headers + "^^";
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.server.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(request.replace("KEY", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
                            .replace("TOKEN", "Authorization: " + api.token("iothubowner"))
                            .replace("^", "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String first = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .readLine();
            assertThat(first).startsWith("HTTP/1.1 " + status + " ");
            if (status == 101) {
                gateway.accept().close();
            }
        } finally {
            root.detachAppender(log);
        }
        assertThat(log.list)
                .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .isEmpty();
    }

    /** Sends a frame before the handshake is answered, in one piece with it. */
    @Test
    void closesAConnectionWhoseClientDoesNotAwaitTheAnswerWithoutLogging() throws Exception {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        root.addAppender(log);
        String request = "GET /$iothub/websocket?" + ApiClient.VERSION + " HTTP/1.1^Host: localhost^Upgrade: websocket^"
                + "Connection: Upgrade^Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==^Sec-WebSocket-Version: 13^"
                + "Sec-WebSocket-Protocol: mqtt^^\202\200abcd";
        api.exchange(request.replace("^", "\r\n"));
        root.detachAppender(log);
        assertThat(log.list)
                .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .isEmpty();
        gateway.setSoTimeout(1);
        try {
            gateway.accept().close(); // It was opened for the handshake, and ended.
        } catch (SocketTimeoutException e) {
            // The connection ended first.
        } finally {
            gateway.setSoTimeout(0);
        }
    }
}
