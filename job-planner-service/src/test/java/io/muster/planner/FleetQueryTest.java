package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.fleet.topology.FleetProcessor;
import io.muster.records.CreateJob;
import io.muster.records.DeleteDevice;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobPage;
import io.muster.records.DeviceMethod;
import io.muster.records.DevicePage;
import io.muster.records.DeviceRefused;
import io.muster.records.DropDeviceJobs;
import io.muster.records.Expansion;
import io.muster.records.FailureReason;
import io.muster.records.GroupPage;
import io.muster.records.JobDefinition;
import io.muster.records.PartialAggregate;
import io.muster.records.PartialGroup;
import io.muster.records.PatchTwin;
import io.muster.records.QueryFleet;
import io.muster.records.TwinPatch;
import io.muster.topics.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Asks queries over one device partition. Contract: iot-hub, 1.7 and section 3. */
class FleetQueryTest {
    private static final int ALL = 1000;

    private final PlannerDriver planner = new PlannerDriver();

    @AfterEach
    void close() {
        planner.close();
    }

    private Object ask(String query, @Nullable String after, int limit) {
        planner.list(new QueryFleet(query, after, limit));
        return planner.lastReply();
    }

    private List<String> devices(String query) {
        return ids((DevicePage) ask(query, null, ALL));
    }

    private static List<String> ids(DevicePage page) {
        return page.getDevices().stream()
                .map(view -> view.getDevice().getDeviceId())
                .toList();
    }

    private List<String> deviceJobs(String query) {
        return keys((DeviceJobPage) ask(query, null, ALL));
    }

    private static List<String> keys(DeviceJobPage page) {
        return page.getDeviceJobs().stream()
                .map(job -> job.getJobId() + "/" + job.getDeviceId())
                .toList();
    }

    /** Finds the same ids by index, by name and by walking as by evaluating each device, whatever happened to tags before. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void findsExactlyTheDevicesThatMatchWhateverHappenedToTheirTags(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, String> sites = new TreeMap<>();
        List<String> values = List.of("'A'", "'B'", "1", "1.0", "true", "null", "'" + "x".repeat(300) + "'");
        int found = 0;
        for (int step = 0; step < 200; step++) {
            String id = "d" + random.nextInt(20);
            String value = values.get(random.nextInt(values.size()));
            String json = value.replace('\'', '"');
            switch (random.nextInt(4)) {
                case 0 -> {
                    planner.device(id, new DeleteDevice(null));
                    sites.remove(id);
                }
                case 1 -> {
                    if (!sites.containsKey(id)) {
                        planner.create(id, "{\"at\":{\"site\":" + json + "}}");
                        sites.put(id, value.equals("null") ? "undefined" : value);
                    }
                }
                default -> {
                    if (sites.containsKey(id)) {
                        planner.device(id, new PatchTwin(new TwinPatch("*", "{\"at\":{\"site\":" + json + "}}", null)));
                        sites.put(id, value.equals("null") ? "undefined" : value);
                    }
                }
            }
            if (step == 100) {
                forgetTheIndex();
            }
            String wanted = values.get(random.nextInt(values.size()));
            List<String> expected = sites.entrySet().stream()
                    .filter(site -> number(site.getValue()).equals(number(wanted)))
                    .map(Map.Entry::getKey)
                    .toList();
            assertThat(devices("SELECT * FROM devices WHERE tags.at.site = " + wanted))
                    .as("seed=%d step=%d", seed, step)
                    .isEqualTo(expected);
            found += expected.size();
            planner.advance(Duration.ofMillis(10));
        }
        assertThat(found).isPositive();
    }

    private static String number(String value) {
        return value.equals("1.0") ? "1" : value;
    }

    /** Removes the index, as in a partition that is older than the index. */
    private void forgetTheIndex() {
        KeyValueStore<String, byte[]> tags = planner.store(FleetProcessor.TAGS);
        List<String> keys = new ArrayList<>();
        try (KeyValueIterator<String, byte[]> all = tags.all()) {
            while (all.hasNext()) {
                KeyValue<String, byte[]> entry = all.next();
                keys.add(entry.key);
            }
        }
        assertThat(keys).hasSizeGreaterThan(2);
        keys.forEach(tags::delete);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        SELECT * FROM devices                                        | a b c d
        SELECT * FROM devices WHERE tags.site = 'A'                  | a b d
        SELECT * FROM devices WHERE tags.site = 'A' AND tags.floor > 1 | b
        SELECT * FROM devices WHERE deviceId IN ['d', 'a', 'x']      | a d
        SELECT * FROM devices WHERE connectionState = 'Disconnected' AND tags.floor = 1 | a
        SELECT * FROM devices WHERE properties.desired.$version = 1 AND version = 2 AND tags.floor = 2 | b
        SELECT * FROM devices WHERE IS_OBJECT(properties) AND IS_OBJECT(properties.desired.$metadata) AND tags.floor = 3 | c
        SELECT * FROM devices WHERE IS_DEFINED(properties.desired.x) OR IS_DEFINED(properties.other) | ``
        """)
    void goesOnBehindAKey(String query, String ids) {
        planner.create("a", "{\"site\":\"A\",\"floor\":1}");
        planner.create("b", "{\"site\":\"A\",\"floor\":2}");
        planner.create("c", "{\"site\":\"B\",\"floor\":3}");
        planner.create("d", "{\"site\":\"A\"}");
        planner.advance(Duration.ofMillis(10));
        List<String> found = new ArrayList<>();
        @Nullable String after = null;
        for (boolean more = true; more; ) {
            DevicePage page = (DevicePage) ask(query, after, 2);
            List<String> part = ids(page);
            found.addAll(part);
            more = page.getMore();
            assertThat(part).hasSize(more ? 2 : part.size());
            after = part.isEmpty() ? after : part.getLast();
        }
        assertThat(String.join(" ", found)).isEqualTo(ids);
    }

    @Test
    void cutsAPageInBytesAndSaysSo() {
        String large = "{\"t\":\"" + "x".repeat(4000) + "\"}";
        for (int i = 0; i < 150; i++) {
            planner.create("d%03d".formatted(i), large);
        }
        DevicePage page = (DevicePage) ask("SELECT * FROM devices", null, ALL);
        assertThat(page.getMore()).isTrue();
        assertThat(ids(page)).hasSizeBetween(100, 149);
        DevicePage rest = (DevicePage) ask("SELECT * FROM devices", ids(page).getLast(), ALL);
        assertThat(rest.getMore()).isFalse();
        assertThat(ids(page).size() + ids(rest).size()).isEqualTo(150);
    }

    @Test
    void searchesManyDevicesInTurns() {
        for (int i = 0; i < 3000; i++) {
            planner.create("d%04d".formatted(i), "{\"n\":" + i + "}");
        }
        Object before = planner.lastReply();
        planner.list(new QueryFleet("SELECT COUNT() FROM devices WHERE tags.n >= 100", null, 1));
        assertThat(planner.lastReply()).isSameAs(before);
        planner.tickUntil(() -> planner.lastReply() != before);
        assertThat(planner.lastReply())
                .isInstanceOfSatisfying(
                        GroupPage.class,
                        page -> assertThat(page.getGroups()
                                        .getFirst()
                                        .getAggregates()
                                        .getFirst()
                                        .getCount())
                                .isEqualTo(2900));
    }

    @Test
    void countsGroupsInThePartition() {
        planner.create("a", "{\"site\":\"A\",\"floor\":1}");
        planner.create("b", "{\"site\":\"A\",\"floor\":2}");
        planner.create("c", "{\"floor\":\"three\"}");
        GroupPage page = (GroupPage)
                ask("SELECT tags.site, COUNT() AS n, SUM(tags.floor) AS s FROM devices GROUP BY tags.site", null, 1);
        assertThat(page.getGroups())
                .containsExactlyInAnyOrder(
                        new PartialGroup(
                                List.of("\"A\""),
                                List.of(
                                        new PartialAggregate(2L, 0L, 0.0, null, null),
                                        new PartialAggregate(2L, 2L, 3.0, "1", "2"))),
                        new PartialGroup(
                                java.util.Arrays.asList((String) null),
                                List.of(
                                        new PartialAggregate(1L, 0L, 0.0, null, null),
                                        new PartialAggregate(1L, 0L, 0.0, "\"three\"", "\"three\""))));
    }

    @Test
    void refusesAnInvalidQuery() {
        assertThat(ask("SELECT", null, 1))
                .isInstanceOfSatisfying(
                        DeviceRefused.class,
                        refusal -> assertThat(refusal.getMessage()).contains("Unexpected end of the query"));
    }

    @Test
    void keepsDeviceJobsUntilTheirHistoryIsOver() {
        planner.create("a", "{\"site\":\"A\"}");
        planner.create("b", "{\"site\":\"B\"}");
        TwinPatch patch = new TwinPatch("*", "{\"x\":1}", null);
        planner.job("j-1", new CreateJob(new JobDefinition("j-1", patch, "*", null, 60, null)));
        planner.job(
                "j-2",
                new CreateJob(
                        new JobDefinition("j-2", new DeviceMethod("reboot", "null", 30, 0), "*", null, 60, null)));
        planner.job("j-20", new CreateJob(new JobDefinition("j-20", patch, "tags.site = 'B'", null, 60, null)));

        assertThat(deviceJobs("SELECT * FROM devices.jobs"))
                .containsExactly("j-1/a", "j-1/b", "j-2/a", "j-2/b", "j-20/b");
        assertThat(deviceJobs("SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'j-2'"))
                .containsExactly("j-2/a", "j-2/b");
        assertThat(deviceJobs("SELECT * FROM devices.jobs WHERE devices.jobs.deviceId = 'b'"))
                .containsExactly("j-1/b", "j-2/b", "j-20/b");
        assertThat(deviceJobs("SELECT * FROM devices.jobs WHERE deviceId IN ['b', 'a'] AND jobId = 'j-1'"))
                .containsExactly("j-1/a", "j-1/b");
        assertThat(deviceJobs("SELECT * FROM devices.jobs WHERE status = 'pending'"))
                .containsExactly("j-2/a", "j-2/b");
        assertThat(deviceJobs("SELECT * FROM devices.jobs WHERE jobType = 'scheduleUpdateTwin' AND jobId > 'j-1'"))
                .containsExactly("j-20/b");
        assertThat(keys((DeviceJobPage) ask("SELECT * FROM devices.jobs WHERE deviceId = 'b'", "j-1\0b", ALL)))
                .containsExactly("j-2/b", "j-20/b");
        assertThat(keys((DeviceJobPage) ask("SELECT * FROM devices.jobs", "j-2\0a", 2)))
                .containsExactly("j-2/b", "j-20/b");

        planner.raw(
                Topics.EXPANSIONS.name(),
                "j-2",
                planner.encode(Topics.EXPANSIONS, new Expansion("j-2", 0, 1, new DropDeviceJobs())));
        assertThat(deviceJobs("SELECT * FROM devices.jobs")).containsExactly("j-1/a", "j-1/b", "j-20/b");
    }

    @Test
    void showsWhenADeviceJobBeganAndHowItEnded() {
        planner.create("a", null);
        planner.job(
                "j",
                new CreateJob(new JobDefinition("j", new DeviceMethod("reboot", "null", 30, 0), "*", null, 60, null)));
        planner.advance(Duration.ofSeconds(61));
        DeviceJob job = ((DeviceJobPage) ask("SELECT * FROM devices.jobs", null, ALL))
                .getDeviceJobs()
                .getFirst();
        assertThat(job.getStartedAt()).isNull();
        assertThat(job.getEndedAt()).isEqualTo(planner.now());
        assertThat(job.getFailure()).isEqualTo(FailureReason.NOT_CONNECTED);
        assertThat(deviceJobs("SELECT * FROM devices.jobs WHERE error.code = 'DeviceNotOnline'"))
                .hasSize(1);
    }
}
