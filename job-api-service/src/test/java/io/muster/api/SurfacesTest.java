package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each path leads to one surface, which is known by the form of its refusals; a mount, which is ours, leads nowhere. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SurfacesTest {
    private TestApi api;

    @BeforeAll
    void start() throws IOException {
        api = TestApi.start();
    }

    @AfterAll
    void stop() {
        api.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /devices/d                                                                  | 401 | "Message":"ErrorCode:
            /nothing                                                                    | 401 | "Message":"ErrorCode:
            /live                                                                       | 401 | "Message":"ErrorCode:
            /live/jobs                                                                  | 401 | "Message":"ErrorCode:
            /                                                                           | 401 | "Message":"ErrorCode:
            /subscriptions/s/resourceGroups/g/providers/Microsoft.StreamAnalytics/x     | 401 | {"error":{"code":
            /subscriptions/s/resourceGroups/g/providers/Microsoft.Unknown/x             | 401 | {"error":{"code":
            /subscriptions/s                                                            | 401 | {"error":{"code":
            /subscriptionsx/s                                                           | 401 | "Message":"ErrorCode:
            /devices/../subscriptions/s                                                 | 401 | "Message":"ErrorCode:
            /~console/live/jobs                                                         | 404 | "Message":"ErrorCode:
            /~console                                                                   | 404 | "Message":"ErrorCode:
            /%7Econsole/live/jobs                                                       | 404 | "Message":"ErrorCode:
            /%7econsole/live/jobs                                                       | 404 | "Message":"ErrorCode:
            //~console/live/jobs                                                        | 400 | "Message":"ErrorCode:
            /~streamanalytics/subscriptions/s                                           | 404 | "Message":"ErrorCode:
            /~                                                                          | 404 | "Message":"ErrorCode:
            """)
    void eachPathLeadsToOneSurface(String path, int status, String form) throws IOException {
        String answer = api.exchange("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ").contains(form);
    }
}
