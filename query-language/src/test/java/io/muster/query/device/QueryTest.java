package io.muster.query.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.kernel.LazyObject;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests queries. Contract: iot-hub, 3.1 and 3.3. */
class QueryTest {
    private static final List<Row> FLEET = List.of(
            device("d1", "A", 10, "1.0"),
            device("d2", "A", 20.0, "1.1"),
            device("d3", "B", "thirty", "1.0"),
            device("d4", null, 40, null),
            row("d5", Map.of()));

    private static Row device(String id, Object site, Object rate, Object firmware) {
        Map<String, Object> tags = new HashMap<>();
        tags.put("site", site);
        tags.put("rate", rate);
        if (firmware != null) {
            tags.put("firmware", firmware);
        }
        return row(id, tags);
    }

    private static Row row(String id, Map<String, Object> tags) {
        return name -> switch (name) {
            case "deviceId" -> id;
            case "tags" -> tags;
            default -> Values.UNDEFINED;
        };
    }

    /** Returns the rows of a query, as text. Totals are kept for each half of the fleet and then summed, as partitions do. */
    private static String run(String text) throws QueryException {
        Query query = Query.parse(text);
        List<Row> matching =
                FLEET.stream().filter(row -> query.condition().matches(row)).toList();
        return switch (query.selection()) {
            case Selection.Whole _ ->
                matching.stream().map(row -> row.member("deviceId")).toList().toString();
            case Selection.Columns columns ->
                matching.stream().map(columns::of).toList().toString();
            case Selection.Grouped grouped -> {
                Groups groups = grouped.groups();
                Map<List<Object>, List<Totals>> sums = new TreeMap<>(Groups.ORDER);
                if (groups.isOne()) {
                    sums.put(List.of(), groups.none());
                }
                int half = matching.size() / 2;
                for (List<Row> part : List.of(matching.subList(0, half), matching.subList(half, matching.size()))) {
                    Map<List<Object>, List<Totals>> partial = new LinkedHashMap<>();
                    part.forEach(row -> partial.compute(
                            groups.key(row), (_, totals) -> groups.fold(totals == null ? groups.none() : totals, row)));
                    partial.forEach((key, totals) -> sums.merge(key, totals, groups::sum));
                }
                List<Map<String, Object>> rows = new ArrayList<>();
                sums.forEach((key, totals) -> rows.add(groups.row(key, totals)));
                yield rows.toString();
            }
        };
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            SELECT * FROM devices                                          | [d1, d2, d3, d4, d5]
            select * from DEVICES where tags.site = 'A'                    | [d1, d2]
            SELECT * FROM devices WHERE *                                  | [d1, d2, d3, d4, d5]
            SELECT * FROM devices d WHERE d.tags.site = 'B'                | [d3]
            SELECT * FROM devices AS d WHERE d.tags.site = 'B'             | [d3]
            SELECT DeviceId, FROM devices WHERE devices.tags.site = 'B'    | [{deviceId=d3}]
            SELECT tags.site FROM devices WHERE id IN ['d1','d4','d5']     | [{site=A}, {site=NULL}, {}]
            SELECT deviceId AS id, tags.site FROM devices WHERE deviceId='d1' | [{id=d1, site=A}]
            SELECT tags.[[site]] AS [[the site]] FROM devices WHERE deviceId='d1' | [{the site=A}]
            SELECT tags.top FROM devices WHERE deviceId='d1'               | [{}]
            SELECT TOP 2 * FROM devices                                    | [d1, d2, d3, d4, d5]
            SELECT COUNT() AS n FROM devices                               | [{n=5}]
            SELECT COUNT(*) FROM devices WHERE tags.site = 'nowhere'       | [{count=0}]
            SELECT COUNT(tags.site) AS sites FROM devices                  | [{sites=4}]
            SELECT SUM(tags.rate), AVG(tags.rate) FROM devices             | [{sum=70, avg=23.333333333333332}]
            SELECT SUM(tags.rate), AVG(tags.rate) FROM devices WHERE deviceId='d5' | [{}]
            SELECT MIN(tags.rate), MAX(tags.rate) FROM devices             | [{min=10, max=thirty}]
            SELECT MAX(tags.firmware) AS newest FROM devices               | [{newest=1.1}]
            SELECT tags.site, COUNT() AS n FROM devices GROUP BY tags.site | [{n=1}, {site=NULL, n=1}, {site=A, n=2}, {site=B, n=1}]
            SELECT COUNT() AS n FROM devices GROUP BY tags.site            | [{n=1}, {n=1}, {n=2}, {n=1}]
            SELECT tags.site FROM devices GROUP BY tags.site               | [{}, {site=NULL}, {site=A}, {site=B}]
            SELECT tags.site AS s, tags.firmware AS f, COUNT() AS n FROM devices WHERE tags.site = 'A' GROUP BY tags.site, tags.firmware | [{s=A, f=1.0, n=1}, {s=A, f=1.1, n=1}]
            """)
    void answers(String query, String rows) throws QueryException {
        assertThat(run(query)).isEqualTo(rows);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            SELECT                                                     | 1:7  | Unexpected end of the query
            SELECT * FROM                                              | 1:14 | Unexpected end of the query
            SELECT * FROM jobs                                         | 1:15 | The source is devices, devices.modules or devices.jobs, not 'jobs'
            SELECT * FROM devices ORDER BY deviceId                    | 1:23 | ORDER BY is not supported: rows come in the order of their ids
            SELECT * FROM devices WHERE tags.a =                       | 1:37 | Unexpected end of the query
            SELECT MEDIAN(tags.a) FROM devices                         | 1:8  | There is no aggregate 'MEDIAN': COUNT, SUM, AVG, MIN, MAX
            SELECT SUM() FROM devices                                  | 1:8  | SUM takes the path of a member
            SELECT tags.a, COUNT() FROM devices                        | 1:8  | 'tags.a' is neither aggregated nor a member of GROUP BY
            SELECT tags.a, COUNT() FROM devices GROUP BY tags.b        | 1:8  | 'tags.a' is neither aggregated nor a member of GROUP BY
            SELECT * FROM devices GROUP BY tags.b                      | 1:32 | SELECT * makes no groups: name the members of GROUP BY
            SELECT tags.a, tags.b AS a FROM devices                    | 1:16 | Two members are called 'a': name one with AS
            SELECT TOP 99999999999 * FROM devices                      | 1:12 | TOP takes a number up to 2147483647
            SELECT * FROM devices WHERE STARTS(tags.a, 'b')            | 1:29 | There is no function 'STARTS'
            deviceId = 'a'                                             | 1:1  | Unexpected character at input 'deviceId'
            """)
    void refusesWithThePlaceOfTheError(String query, String place, String what) {
        assertThatThrownBy(() -> Query.parse(query))
                .hasMessage("SQL query parse failed due to following errors: Line " + place + " " + what);
    }

    @Test
    void capsTheRows() throws QueryException {
        assertThat(Query.parse("SELECT TOP 7 * FROM devices").top()).hasValue(7);
        assertThat(Query.parse("SELECT * FROM devices").top()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'j' AND devices.jobs.status = 'pending'",
                "SELECT * FROM devices.jobs WHERE jobId = 'j' AND status = 'queued'",
                "SELECT * FROM devices.jobs WHERE 'j' = jobId AND 'pending' = status",
                "SELECT * FROM devices.jobs WHERE jobId = 'j' AND status IN ['canceled', 'pending']",
                "SELECT * FROM devices.jobs WHERE devices.jobs.createdTimeUtc > '2026-01-01'",
                "SELECT * FROM devices.jobs j WHERE j.JobId = 'j'",
            })
    void asksForDeviceJobsByTheirOwnNames(String text) throws QueryException {
        Query query = Query.parse(text);
        assertThat(query.source()).isEqualTo(Source.DEVICE_JOBS);
        assertThat(query.condition().matches(name -> switch (name) {
                    case "jobId" -> "j";
                    case "status" -> "queued";
                    case "createdDateTimeUtc" -> "2026-11-21T00:00:00.0000000Z";
                    default -> Values.UNDEFINED;
                }))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM devices.jobs WHERE tags.site = 'A'",
                "SELECT * FROM devices.jobs WHERE jobbId = 'j'",
                "SELECT * FROM devices.jobs j WHERE j.properties.desired.x = 1",
                "SELECT * FROM devices.jobs WHERE NOT IS_DEFINED(devices.jobs.connectionState)",
                "SELECT tags FROM devices.jobs",
            })
    void refusesMembersThatDeviceJobsDoNotHave(String text) {
        assertThatThrownBy(() -> Query.parse(text))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("A row of devices.jobs has no member '")
                .hasMessageContaining("jobId");
    }

    @Test
    void asksForModules() throws QueryException {
        Query query =
                Query.parse("SELECT devices.modules.moduleId FROM devices.modules WHERE devices.modules.tags.a = 1");
        assertThat(query.source()).isEqualTo(Source.MODULES);
        assertThat(query.condition().equalities()).containsExactly(new Condition.Equality(List.of("tags", "a"), 1L));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            tags.site = 'A'                                  | tags.site=A
            'A' = tags.site                                  | tags.site=A
            tags.site = (('A'))                              | tags.site=A
            (tags.site = 'A') AND tags.b.c = 5 AND tags.d > 1 | tags.site=A, tags.b.c=5
            tags.a = null                                    | tags.a=NULL
            tags.site = 'A' OR tags.site = 'B'               |
            NOT tags.site = 'A'                              |
            tags.a = tags.b                                  |
            tags.a = undefined                               |
            tags.list[0] = 1                                 |
            tags.a = 1 + 1                                   |
            """)
    void knowsWhichEqualitiesEveryMatchHolds(String condition, String equalities) throws QueryException {
        List<String> found = Condition.parse(condition).equalities().stream()
                .map(equality -> String.join(".", equality.path()) + "=" + equality.value())
                .toList();
        assertThat(String.join(", ", found)).isEqualTo(equalities == null ? "" : equalities);
    }

    @Test
    void makesEqualNumbersTheSame() {
        assertThat(List.of(5, 5L, 5.0, new java.math.BigInteger("5")))
                .allSatisfy(five -> assertThat(Values.canonical(five)).isEqualTo(5L));
        assertThat(Values.canonical(5.5)).isEqualTo(5.5);
        assertThat(Values.canonical(-0.0)).isEqualTo(0L);
        assertThat(Values.canonical(1e300)).isEqualTo(1e300);
    }

    @Test
    void makesMembersOfAnObjectWhenTheyAreAskedFor() throws QueryException {
        LazyObject object = new LazyObject() {
            @Override
            public Object member(String name) {
                return name.equals("a") ? 1 : Values.UNDEFINED;
            }

            @Override
            public Map<String, Object> whole() {
                return Map.of("a", 1);
            }
        };
        Query query = Query.parse("SELECT tags, tags.a, tags.b FROM devices");
        assertThat(((Selection.Columns) query.selection()).of(_ -> object).toString())
                .isEqualTo("{tags={a=1}, a=1}");
    }
}
