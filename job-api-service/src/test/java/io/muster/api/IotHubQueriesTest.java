package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobPage;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DevicePage;
import io.muster.records.FailureReason;
import io.muster.records.GroupPage;
import io.muster.records.OperationType;
import io.muster.records.PartialAggregate;
import io.muster.records.PartialGroup;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Drives queries over the fleet as IoT Hub's clients do. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IotHubQueriesTest {
    private static final Instant AT = Instant.parse("2026-11-21T02:25:15.423Z");

    private TestApi api;
    private ApiClient client;

    @BeforeAll
    void start() throws IOException {
        api = TestApi.start();
        client = new ApiClient(api);
    }

    @AfterAll
    void stop() {
        api.close();
    }

    /** Answers for two partitions, each in pages of at most three rows: rows behind the shortest page are not known yet. */
    private static List<Object> twoPartitions(RequestsDouble.Asked asked) {
        List<Object> pages = new ArrayList<>();
        for (List<String> part : List.of(List.of("a", "c", "e", "g", "h"), List.of("b", "d", "f"))) {
            List<String> rest = part.stream()
                    .filter(id -> asked.after() == null || id.compareTo(asked.after()) > 0)
                    .toList();
            List<String> page = rest.subList(0, Math.min(rest.size(), Math.min(3, asked.limit())));
            pages.add(new DevicePage(
                    pages.size(),
                    2,
                    page.stream()
                            .map(id -> RequestsDouble.twinOf(id, "{\"n\":\"" + id + "\"}"))
                            .toList(),
                    page.size() < rest.size()));
        }
        return pages;
    }

    private String all(String query, int size) throws Exception {
        List<String> pages = new ArrayList<>();
        String token = "";
        do {
            String body = "{\"query\":\"" + query + "\"}";
            String items = Integer.toString(size);
            ApiClient.Answer page = token.isEmpty()
                    ? client.ask("POST", "/devices/query", body, "x-ms-max-item-count", items)
                    : client.ask(
                            "POST", "/devices/query", body, "x-ms-max-item-count", items, "x-ms-continuation", token);
            assertThat(page.response().statusCode()).as(page.body().toString()).isEqualTo(200);
            StringBuilder rows = new StringBuilder();
            page.body()
                    .forEach(row -> rows.append(
                            row.has("deviceId") ? row.path("deviceId").asText() : row.toString()));
            pages.add(rows.toString());
            token = page.response().headers().firstValue("x-ms-continuation").orElse("");
        } while (!token.isEmpty());
        return String.join(" ", pages);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        SELECT * FROM devices           | 100 | abcde fgh
        SELECT * FROM devices           | 8   | abcde fgh
        SELECT * FROM devices           | 2   | ab cd ef gh
        SELECT * FROM devices           | 1   | a b c d e f g h
        SELECT TOP 3 * FROM devices     | 2   | ab c
        SELECT TOP 2 * FROM devices     | 2   | ab
        SELECT TOP 8 * FROM devices     | 100 | abcde fgh
        SELECT TOP 0 * FROM devices     | 2   | ''
        SELECT deviceId FROM devices    | 4   | abcd efgh
        """)
    void ordersRowsOfAllPartitionsAndEndsWithoutAToken(String query, int size, String pages) throws Exception {
        api.planner.partitions = IotHubQueriesTest::twoPartitions;
        assertThat(all(query, size)).isEqualTo(pages);
    }

    @Test
    void selectsMembersOfTheDocument() throws Exception {
        api.planner.partitions = _ -> List.of(new DevicePage(
                0, 1, List.of(RequestsDouble.twinOf("a", "{\"o\":{\"b\":[1,null,{\"c\":2.5}]},\"t\":null}")), false));
        ApiClient.Answer answer = client.ask(
                "POST",
                "/devices/query",
                "{\"query\":\"SELECT deviceId, tags.o AS o, tags.o.b[2].c, tags.t, tags.x, version, connectionState"
                        + " FROM devices\"}");
        assertThat(answer.body().toString())
                .isEqualTo("[{\"deviceId\":\"a\",\"o\":{\"b\":[1,null,{\"c\":2.5}]},\"c\":2.5,\"t\":null,"
                        + "\"version\":2,\"connectionState\":\"Disconnected\"}]");
        assertThat(answer.response().headers().firstValue("x-ms-item-type")).contains("raw");
    }

    @Test
    void sumsAndPagesGroupsOfAllPartitions() throws Exception {
        PartialAggregate two = new PartialAggregate(2L, 2L, 6.0, "1", "5");
        PartialAggregate one = new PartialAggregate(1L, 1L, 0.5, "0.5", "0.5");
        api.planner.partitions = _ -> List.of(
                new GroupPage(
                        0,
                        List.of(
                                new PartialGroup(List.of("\"A\""), List.of(two, two, two)),
                                new PartialGroup(Arrays.asList((String) null), List.of(one, one, one)))),
                new GroupPage(1, List.of(new PartialGroup(List.of("\"A\""), List.of(one, one, one)))));
        String query = "SELECT tags.s, COUNT() AS n, AVG(tags.v) AS a, MIN(tags.v) AS m FROM devices GROUP BY tags.s";
        assertThat(all(query, 10))
                .isEqualTo("{\"n\":1,\"a\":0.5,\"m\":0.5}{\"s\":\"A\",\"n\":3,\"a\":2.1666666666666665,\"m\":0.5}");
        assertThat(all(query, 1))
                .isEqualTo("{\"n\":1,\"a\":0.5,\"m\":0.5} {\"s\":\"A\",\"n\":3,\"a\":2.1666666666666665,\"m\":0.5}");
    }

    @Test
    void writesDeviceJobsAsClientsReadThem() throws Exception {
        DeviceJob.Builder job = DeviceJob.newBuilder()
                .setJobId("j")
                .setDeviceId("a")
                .setOperation(OperationType.METHOD)
                .setStatus(DeviceJobStatus.COMPLETED)
                .setCreatedAt(AT)
                .setStartedAt(AT)
                .setEndedAt(AT)
                .setUpdatedAt(AT)
                .setMethodStatus(200)
                .setMethodPayload("{\"ok\":true}");
        DeviceJob failed = DeviceJob.newBuilder()
                .setJobId("j")
                .setDeviceId("b")
                .setOperation(OperationType.TWIN)
                .setStatus(DeviceJobStatus.FAILED)
                .setCreatedAt(AT)
                .setUpdatedAt(AT)
                .setFailure(FailureReason.PRECONDITION_FAILED)
                .setFailureDetail("The etag differs.")
                .build();
        api.planner.partitions = _ -> List.of(new DeviceJobPage(0, List.of(job.build(), failed), false));
        ApiClient.Answer answer = client.ask("POST", "/devices/query", "{\"query\":\"SELECT * FROM devices.jobs\"}");
        assertThat(answer.response().headers().firstValue("x-ms-item-type")).contains("deviceJob");
        assertThat(answer.body().get(0).toString())
                .isEqualTo(
                        "{\"deviceId\":\"a\",\"jobId\":\"j\",\"jobType\":\"scheduleDeviceMethod\",\"status\":\"completed\","
                                + "\"createdDateTimeUtc\":\"2026-11-21T02:25:15.4230000Z\",\"startTimeUtc\":\"2026-11-21T02:25:15.4230000Z\","
                                + "\"endTimeUtc\":\"2026-11-21T02:25:15.4230000Z\",\"lastUpdatedDateTimeUtc\":\"2026-11-21T02:25:15.4230000Z\","
                                + "\"outcome\":{\"deviceMethodResponse\":{\"status\":200,\"payload\":{\"ok\":true}}},"
                                + "\"cloudToDeviceMethod\":{\"status\":200,\"payload\":{\"ok\":true}}}");
        assertThat(answer.body().get(1).path("error").toString())
                .isEqualTo("{\"code\":\"PreconditionFailed\",\"description\":\"The etag differs.\"}");
        assertThat(answer.body().get(1).has("outcome")).isFalse();
    }

    @Test
    void takesATokenForItsQueryOnly() throws Exception {
        api.planner.partitions = IotHubQueriesTest::twoPartitions;
        String token = client.ask(
                        "POST", "/devices/query", "{\"query\":\"SELECT * FROM devices\"}", "x-ms-max-item-count", "1")
                .response()
                .headers()
                .firstValue("x-ms-continuation")
                .orElseThrow();
        for (String foreign : List.of(token, "%%%", "AAAA")) {
            ApiClient.Answer refused = client.ask(
                    "POST",
                    "/devices/query",
                    "{\"query\":\"SELECT deviceId FROM devices\"}",
                    "x-ms-continuation",
                    foreign);
            assertThat(refused.response().statusCode()).isEqualTo(400);
            assertThat(refused.body().path("Message").asText()).startsWith("ErrorCode:ArgumentInvalid;");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":NaN}", "{\"a\":", "[1,2", "{'a':1}", "{\"a\":01}"})
    void describesTextThatIsNoJson(String body) throws Exception {
        ApiClient.Answer answer = client.ask("POST", "/devices/query", body);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body().path("Message").asText())
                .startsWith("ErrorCode:IotHubFormatError;The body is not JSON: ")
                .doesNotContain("Source:", "Feature");
    }
}
