package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Event loops serve everybody: what takes long runs elsewhere. */
class EventLoopsTest {
    /** More than there are event loops, on any machine that builds. */
    private static final int SLOW = 200;

    @Test
    void queriesThatTakeLongKeepNobodyElseWaiting() throws IOException {
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger standing = new AtomicInteger();
        try (TestApi api = TestApi.start()) {
            api.planner.partitions = _ -> {
                standing.incrementAndGet();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return List.of();
            };
            String body = "{\"query\":\"SELECT * FROM devices\"}";
            String query = "POST /devices/query?api-version=2021-04-12 HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                    + api.token("iothubowner") + "\r\nContent-Type: application/json\r\nContent-Length: "
                    + body.length() + "\r\n\r\n" + body;
            List<Socket> slow = new ArrayList<>();
            for (int i = 0; i < SLOW; i++) {
                Socket socket = api.connect();
                socket.getOutputStream().write(query.getBytes(StandardCharsets.US_ASCII));
                slow.add(socket);
            }
            await().until(() -> standing.get() > 1);
            for (int i = 0; i < SLOW; i++) {
                assertThat(api.exchange("GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                        .startsWith("HTTP/1.1 200 ");
            }
            go.countDown();
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }
}
