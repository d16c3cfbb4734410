package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keeps event loops free, which serve everybody: slow work runs elsewhere. */
class EventLoopsTest {
    /** Sends more requests than there are event loops, on any machine that builds. */
    private static final int SLOW = 200;

    /** Lists commands that are sent by the thread that has read the body. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            POST  | /devices/query              | {"query":"SELECT * FROM devices"}
            PUT   | /jobs/v2/j                  | {"type":"scheduleUpdateTwin","updateTwin":{"tags":{}},"queryCondition":"*"}
            PUT   | /devices/d                  | {}
            PUT   | /devices/d/modules/m        | {}
            POST  | /devices                    | [{"id":"d"}]
            PATCH | /twins/d                    | {"tags":{"a":1}}
            PUT   | /twins/d                    | {"tags":{"a":1}}
            PATCH | /twins/d/modules/m          | {"tags":{"a":1}}
            PUT   | /twins/d/modules/m          | {"tags":{"a":1}}
            POST  | /twins/d/methods            | {"methodName":"m"}
            POST  | /twins/d/modules/m/methods  | {"methodName":"m"}
            PUT   | /subscriptions/s/resourcegroups/g/providers/Microsoft.StreamAnalytics/streamingjobs/job | {}
            """)
    void keepsNobodyElseWaitingForASlowBody(String method, String path, String body) throws IOException {
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger standing = new AtomicInteger();
        try (TestApi api = TestApi.start()) {
            api.planner.onSend = _ -> {
                standing.incrementAndGet();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            };
            String version = path.startsWith("/subscriptions") ? "2020-03-01" : "2021-04-12";
            String request = method + " " + path + "?api-version=" + version
                    + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + api.token("iothubowner")
                    + "\r\nContent-Type: application/json\r\nContent-Length: "
                    + body.length() + "\r\n\r\n" + body;
            List<Socket> slow = new ArrayList<>();
            for (int i = 0; i < SLOW; i++) {
                Socket socket = api.connect();
                socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                slow.add(socket);
            }
            try {
                await().until(() -> standing.get() > 1);
                for (int i = 0; i < SLOW; i++) {
                    assertThat(api.exchange(
                                    "GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                            .startsWith("HTTP/1.1 200 ");
                }
            } finally {
                go.countDown();
            }
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    /** Leaves the threads that complete replies, since they carry those of everybody. */
    @Test
    void runsContinuationsOfStreamJobRepliesOnWorkers() throws IOException {
        List<String> senders = new CopyOnWriteArrayList<>();
        String body =
                "{'properties':{'outputStartMode':'JobStartTime','inputs':[{'name':'i','properties':{}}],'outputs':[{'name':'o','properties':{}}],'transformation':{'name':'T','properties':{'query':'SELECT * INTO o FROM i'}}}}"
                        .replace('\'', '"');
        try (TestApi api = TestApi.start();
                ExecutorService replies = Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().name("replies").factory())) {
            api.planner.replies = replies;
            api.planner.onSend = _ -> senders.add(Thread.currentThread().getName());
            assertThat(api.exchange(
                            "PUT /subscriptions/s/resourcegroups/g/providers/Microsoft.StreamAnalytics/streamingjobs/job?api-version=2020-03-01"
                                    + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: "
                                    + api.token("iothubowner") + "\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                    + body))
                    .startsWith("HTTP/1.1 201 ");
        }
        assertThat(senders).as("of the job, and of its start").hasSize(2).allMatch(name -> name.startsWith("worker-"));
    }
}
