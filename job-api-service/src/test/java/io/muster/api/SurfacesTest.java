package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.micronaut.http.HttpRequest;
import io.muster.api.access.Caller;
import io.muster.api.access.Grant;
import io.muster.api.json.Problem;
import io.muster.api.surface.Arrival;
import io.muster.api.surface.Surface;
import io.muster.api.surface.Surfaces;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Leads each path to one surface, which is known by the form of its refusals; a mount, which is ours, leads nowhere. */
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
    void leadsEachPathToOneSurface(String path, int status, String form) throws IOException {
        String answer = api.exchange("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ").contains(form);
    }

    @ParameterizedTest
    @CsvSource({
        "site.scm.example, /api/jobs, kudu",
        "hub.example,      /api/jobs, central",
        "hub.example,      /devices,  hub",
        "'',               /api/jobs, central"
    })
    void prefersTheHostNameToThePath(String host, String path, String served) {
        Surfaces surfaces = new Surfaces(List.of(
                new Named("central", "/api/", "central.example"),
                new Named("kudu", "/vfs/", "site.scm.example"),
                new Named("hub", "", "")));
        assertThat(surfaces.serving(new Arrival(host, path, ""))).hasFieldOrPropertyWithValue("mount", served);
    }

    private record Named(String mount, String prefix, String name) implements Surface {
        @Override
        public boolean isNamedBy(String host) {
            return !name.isEmpty() && host.equals(name);
        }

        @Override
        public boolean serves(Arrival arrival) {
            return arrival.path().startsWith(prefix);
        }

        @Override
        public Optional<Caller> identify(HttpRequest<?> request, String path, String route, Instant now) {
            return Optional.empty();
        }

        @Override
        public Grant grant(String method, String route) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkVersion(@Nullable String version) {}

        @Override
        public Envelope envelope(Problem problem, String route, Instant now) {
            throw new UnsupportedOperationException();
        }
    }
}
