package io.muster.node.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebFilesTest {
    private static final Optional<String> NO_MODE = Optional.empty();
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private final WebFiles web = new WebFiles();
    private final AtomicInteger asked = new AtomicInteger();
    private final CountDownLatch ends = new CountDownLatch(1);
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        ends.countDown();
        server.stop(0);
    }

    /** Answers with what the path says: a status, a text, or, behind it, nothing more. */
    private void answer(HttpExchange exchange) throws IOException {
        asked.incrementAndGet();
        String[] words = exchange.getRequestURI().getPath().substring(1).split("/");
        int status = words[0].equals("busy") && asked.get() < 3
                ? 503
                : words[0].matches("\\d+") ? Integer.parseInt(words[0]) : 200;
        if (status == 302) {
            exchange.getResponseHeaders().add("Location", "/hello");
        }
        byte[] body = words[0].getBytes();
        exchange.sendResponseHeaders(status, words[0].equals("stalls") ? 100 : body.length);
        exchange.getResponseBody().write(body);
        if (words[0].equals("stalls")) {
            exchange.getResponseBody().flush();
            try {
                ends.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        exchange.close();
    }

    private String at(String path) {
        return "http://localhost:" + server.getAddress().getPort() + "/" + path;
    }

    private Path target() {
        return folder.resolve("file");
    }

    @Test
    void fetchesAFileWithItsMode() throws Exception {
        assertThat(web.fetch(at("hello?sig=secret"), target(), Optional.of("0750"), 5, LONG))
                .isEqualTo(5);
        assertThat(target()).hasContent("hello");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target())))
                .isEqualTo("rwxr-x---");
    }

    @ParameterizedTest
    @CsvSource({"404, answered 404", "403, answered 403", "302, redirects are not followed"})
    void saysWhyAFileCanNotBeHadWithoutItsSecrets(String path, String why) {
        assertThatThrownBy(() -> web.fetch(at(path + "?sig=secret"), target(), NO_MODE, 100, LONG))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why)
                .hasMessageNotContaining("secret");
        assertThat(target()).doesNotExist();
        assertThat(asked).hasValue(1);
    }

    @Test
    void stopsAtAFileThatIsTooLarge() {
        assertThatThrownBy(() -> web.fetch(at("hello"), target(), NO_MODE, 4, LONG))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("more than 4 bytes");
    }

    @Test
    void asksAServerThatIsBusyThreeTimes() throws Exception {
        assertThat(web.fetch(at("busy"), target(), NO_MODE, 100, LONG)).isEqualTo(4);
        assertThat(asked).hasValue(3);
        assertThatThrownBy(() -> web.fetch(at("503"), folder.resolve("other"), NO_MODE, 100, LONG))
                .hasMessageContaining("answered 503");
        assertThat(asked).hasValue(6);
    }

    @Test
    void waitsForAFileNoLongerThanItsLimit() {
        assertThatThrownBy(() -> web.fetch(at("stalls"), target(), NO_MODE, 1000, Duration.ofMillis(300)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("was not there within");
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:///etc/passwd", "ftp://example.com/a", "jar:file:/a!/b", "http:///a", "a b", ""})
    void fetchesOverHttpAlone(String url) {
        assertThatThrownBy(() -> web.fetch(url, target(), NO_MODE, 1000, LONG)).isInstanceOf(IOException.class);
        assertThat(target()).doesNotExist();
    }

    @Test
    void replacesNoFile() throws Exception {
        Files.writeString(target(), "there");
        assertThatThrownBy(() -> web.fetch(at("hello"), target(), NO_MODE, 1000, LONG))
                .isInstanceOf(IOException.class);
        assertThat(target()).hasContent("there");
    }
}
