package io.muster.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.access.Right;
import io.muster.access.SharedAccessPolicies;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Previews schedules over the real server, at the time {@link TestApi#NOW}. Bodies are written with single quotes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SchedulePreviewTest {
    private static final String PATH = "/api/schedules/preview";
    private TestApi api;

    @BeforeAll
    void start() throws IOException {
        api = TestApi.start();
        api.clock.set(TestApi.NOW);
    }

    @AfterAll
    void stop() {
        api.close();
    }

    private String ask(String policy, String body) throws IOException {
        return api.ask("POST", PATH, policy, body.replace('\'', '"'));
    }

    private List<String> times(String body) throws IOException {
        String answer = ask("service", body);
        assertThat(answer).startsWith("HTTP/1.1 200 ");
        List<String> times = new ArrayList<>();
        for (JsonNode occurrence : TestApi.body(answer).get("occurrences")) {
            times.add(occurrence.get("time").textValue());
        }
        return times;
    }

    /** Returns the status of a request with such credentials. */
    private int status(String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + api.server.port() + PATH + "?api-version=2021-04-12"))
                .POST(HttpRequest.BodyPublishers.ofString(DAILY))
                .headers(headers);
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(request.build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        }
    }

    private static final String DAILY = "{\"recurrence\":{\"frequency\":\"Day\"}}";

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void isForHoldersOfApiTokens() throws Exception {
        String token = new ApiClient(api)
                .askOf("api-version=2022-07-31", "PUT", "/api/apiTokens/reader", "{\"roles\":[{\"role\":\"read\"}]}")
                .body()
                .path("token")
                .asText();
        assertThat(status("Authorization", token)).isEqualTo(200);
        assertThat(status("Authorization", "Bearer " + token)).isEqualTo(200);
        assertThat(status("Authorization", token.replace("sig=", "sig=A"))).isEqualTo(401);
    }

    @ParameterizedTest
    @EnumSource(Right.class)
    void isForWhoeverMayReadOnAnySurface(Right right) throws Exception {
        String key = Base64.getEncoder().encodeToString(new byte[32]);
        try (TestApi of = TestApi.start(SharedAccessPolicies.parse(
                "p.rights=" + right.word() + "\np.primaryKey=" + key + "\np.secondaryKey=\n"))) {
            of.clock.set(TestApi.NOW);
            assertThat(of.ask("POST", PATH, "p", DAILY))
                    .startsWith("HTTP/1.1 " + (right == Right.DEVICE_CONNECT ? "401 " : "200 "));
        }
    }

    @Test
    void takesTheCredentialsOfKuduAndOfBatch() throws Exception {
        String key = new BatchClient(api, "iothubowner").key();
        assertThat(status("Authorization", basic("iothubowner", key))).isEqualTo(200);
        assertThat(status("Authorization", basic("$fleet", key))).isEqualTo(200);
        assertThat(status("Authorization", basic("service", key))).isEqualTo(401);
        assertThat(status("Authorization", basic("iothubowner", "other"))).isEqualTo(401);
        assertThat(status("Authorization", "Basic ????")).isEqualTo(401);
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(TestApi.NOW.atOffset(ZoneOffset.UTC));
        String signature = BatchClient.signature(
                key, "myaccount", "POST", PATH + "?api-version=2021-04-12", DAILY, List.of("ocp-date", date));
        assertThat(status("ocp-date", date, "Authorization", "SharedKey myaccount:" + signature))
                .isEqualTo(200);
        assertThat(status("ocp-date", date, "Authorization", "SharedKey otheraccount:" + signature))
                .isEqualTo(401);
        assertThat(status("Authorization", "SharedKey myaccount:" + signature)).isEqualTo(401);
        assertThat(status("Authorization", "SharedKey nonsense")).isEqualTo(401);
        assertThat(status("x", "y")).as("none").isEqualTo(401);
    }

    @Test
    void showsLocalTimesAndNotesClockChanges() throws IOException {
        String answer = ask(
                "service",
                "{'timeZone':'Europe/Paris','startTime':'2127-03-30T00:00:00Z','count':2,'cron':'0 30 2 * * *'}");
        assertThat(TestApi.body(answer))
                .hasToString(
                        "{\"occurrences\":[{\"time\":\"2127-03-30T01:30:00Z\",\"localTime\":\"2127-03-30T03:30:00+02:00\","
                                + "\"note\":\"The clocks skip 02:30 on this day: it fires at 03:30.\"},"
                                + "{\"time\":\"2127-03-31T00:30:00Z\",\"localTime\":\"2127-03-31T02:30:00+02:00\"}]}");
    }

    @Test
    void readsTheRecurrencesOfEachSurface() throws IOException {
        assertThat(
                        times(
                                "{'startTime':'2127-01-01T08:00:00Z','count':3,'recurrence':{'frequency':'Month','interval':1,"
                                        + "'schedule':{'hours':[5],'minutes':[15],'monthlyOccurrences':[{'day':'Friday','Occurrence':-1}]}}}"))
                .containsExactly("2127-01-31T05:15:00Z", "2127-02-28T05:15:00Z", "2127-03-28T05:15:00Z");
        assertThat(times("{'startTime':'2127-01-01T08:00:00','recurrence':{'frequency':'week','interval':2,'count':2,"
                        + "'schedule':{'weekDays':['monday','Tuesday'],'hours':5,'minutes':0}}}"))
                .as("the recurrence ends before the preview's count")
                .containsExactly("2127-01-13T05:00:00Z", "2127-01-14T05:00:00Z");
        assertThat(
                        times(
                                "{'startTime':'2127-01-01T08:00:00Z','count':2,'recurrence':{'frequency':'Minute','interval':90}}"))
                .containsExactly("2127-01-01T08:00:00Z", "2127-01-01T09:30:00Z");
        assertThat(times("{'count':2,'recurrence':{'frequency':'Day'}}"))
                .as("no start is now")
                .hasSize(2)
                .first()
                .isEqualTo(TestApi.NOW.toString());
        assertThat(times("{'timeZone':'America/New_York','count':9,'schedule':{'start':'2127-01-31T04:30:00Z',"
                        + "'recurrence':'monthly','end':{'type':'date','date':'2127-04-30'}}}"))
                .as("an end that is a date holds through that day, and clocks change in March")
                .containsExactly("2127-01-31T04:30:00Z", "2127-03-31T03:30:00Z", "2127-05-01T03:30:00Z");
        assertThat(times("{'schedule':{'start':'2127-01-30T04:30:00Z'}}")).containsExactly("2127-01-30T04:30:00Z");
        assertThat(times("{'schedule':{'start':'2127-01-30T04:30:00Z','recurrence':'weekly',"
                        + "'end':{'type':'occurrences','occurrences':2}}}"))
                .containsExactly("2127-01-30T04:30:00Z", "2127-02-06T04:30:00Z");
    }

    @Test
    void readsRulesOfRfc5545AsATextOrALineEach() throws IOException {
        assertThat(times("{'timeZone':'Europe/Paris','startTime':'2127-01-01T08:00:00Z','count':3,"
                        + "'rrule':'FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU'}"))
                .containsExactly("2127-03-30T07:00:00Z", "2128-03-28T07:00:00Z", "2129-03-27T07:00:00Z");
        String lines = "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3|EXDATE:21270227T090000";
        List<String> expected = List.of("2127-01-31T08:00:00Z", "2127-03-31T07:00:00Z");
        String asked = "{'timeZone':'Europe/Paris','startTime':'2127-01-01T08:00:00Z','rrule':";
        assertThat(times(asked + "'" + lines.replace("|", "\\n") + "'}"))
                .as("February's last working day is the 28th")
                .containsExactly("2127-01-31T08:00:00Z", "2127-02-28T08:00:00Z", "2127-03-31T07:00:00Z");
        assertThat(times(asked + "['" + lines.replace("0227", "0228").replace("|", "','") + "']}"))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}| one of recurrence, cron, schedule and rrule",
                "{'cron':'* * * * * *','schedule':{'start':'2127-01-01T00:00:00Z'}}| one of recurrence, cron, schedule and rrule",
                "{'rrule':'FREQ=DAILY'}| Give startTime",
                "{'rrule':7,'startTime':'2127-01-01T08:00:00Z'}| rrule is an array of texts",
                "{'rrule':[],'startTime':'2127-01-01T08:00:00Z'}| Give a rule such as",
                "{'rrule':'FREQ=SECONDLY','startTime':'2127-01-01T08:00:00Z'}| by the minute at most",
                "{'rrule':'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30','startTime':'2127-01-01T08:00:00Z'}| never fires",
                "{'cron':'0 3 * * *'}| six fields",
                "{'cron':'0 0 3 30 2 *'}| No day matches",
                "{'cron':7}| cron is a text",
                "{'cron':'* * * * * *','timeZone':'Mars/Olympus'}| time zone",
                "{'cron':'* * * * * *','count':0}| count is a number from 1 to 100",
                "{'cron':'* * * * * *','count':101}| count is a number from 1 to 100",
                "{'cron':'* * * * * *','startTime':'soon'}| startTime is a date",
                "{'cron':'* * * * * *','start':'2127-01-01T00:00:00Z'}| did you mean startTime?",
                "{'recurrence':{}}| recurrence.frequency",
                "{'recurrence':{'frequency':'Year'}}| one of [day, hour, minute, month, week]",
                "{'recurrence':{'frequency':'Day','interval':0}}| from 1 to 548",
                "{'recurrence':{'frequency':'Week','interval':79}}| from 1 to 78",
                "{'recurrence':{'frequency':'Month','interval':19}}| from 1 to 18",
                "{'recurrence':{'frequency':'Minute','interval':1001}}| from 1 to 1000",
                "{'recurrence':{'frequency':'Day','count':0}}| recurrence.count",
                "{'recurrence':{'frequency':'Day','endTime':'2001-01-01T00:00:00Z'}}| not past",
                "{'recurrence':{'frequency':'Day','schedule':{'hours':24}}}| schedule.hours",
                "{'recurrence':{'frequency':'Day','schedule':{'minutes':[60]}}}| schedule.minutes",
                "{'recurrence':{'frequency':'Day','schedule':{'weekDays':['Monday']}}}| frequency week",
                "{'recurrence':{'frequency':'Week','schedule':{'weekDays':['Lundi']}}}| day of the week",
                "{'recurrence':{'frequency':'Week','schedule':{'monthDays':[1]}}}| frequency month",
                "{'recurrence':{'frequency':'Month','schedule':{'monthDays':[0]}}}| from 1 to 31",
                "{'recurrence':{'frequency':'Month','schedule':{'monthDays':[32]}}}| from 1 to 31",
                "{'recurrence':{'frequency':'Month','schedule':{'monthlyOccurrences':[{'day':'Friday','Occurrence':6}]}}}| -1 to -5",
                "{'recurrence':{'frequency':'Month','schedule':{'monthlyOccurrences':[{'Occurrence':1}]}}}| day of the week",
                "{'startTime':'2127-02-01T00:00:00Z','recurrence':{'frequency':'Month','interval':12,'schedule':{'monthDays':[30]}}}| never fires",
                "{'startTime':'2127-02-01T00:01:00Z','recurrence':{'frequency':'Minute','interval':2,'schedule':{'weekDays':['Monday'],'minutes':[4]}}}| never fires",
                "{'schedule':{}}| schedule.start",
                "{'schedule':{'start':'2127-01-01T00:00:00Z','recurrence':'yearly'}}| one of [daily, monthly, weekly]",
                "{'schedule':{'start':'2127-01-01T00:00:00Z','end':{'type':'never'}}}| date or occurrences",
                "{'schedule':{'start':'2127-01-01T00:00:00Z','end':{'type':'occurrences','occurrences':1000}}}| from 1 to 999",
                "{'schedule':{'start':'2127-01-01T00:00:00Z','end':{'type':'date','date':'tomorrow'}}}| a day such as"
            })
    void refusesWhatItCannotRead(String body, String part) throws IOException {
        String answer = ask("service", body);
        assertThat(answer).startsWith("HTTP/1.1 400 ");
        assertThat(TestApi.body(answer).get("Message").textValue()).contains(part);
    }

    @ParameterizedTest
    @ValueSource(strings = {"service", "registryRead", "iothubowner"})
    void isForWhoeverMayRead(String policy) throws IOException {
        assertThat(ask(policy, "{'cron':'0 0 3 * * *'}")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void isForNobodyElse() throws IOException {
        assertThat(ask("device", "{'cron':'0 0 3 * * *'}")).startsWith("HTTP/1.1 401 ");
    }
}
