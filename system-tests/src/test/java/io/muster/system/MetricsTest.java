package io.muster.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Requires that alerts and dashboards ask for metrics that the services have, and each alert has its page. */
class MetricsTest {
    private static final Path FILES = Path.of("../deploy/chart/files");
    private static final Pattern METRIC = Pattern.compile("\\b((?:muster|kafka|jvm|process)_[a-z_]+[a-z])\\b(?!=)");

    /** Names meters that are there once their event has happened. */
    private static final Set<String> OF_RARE_THINGS = Set.of(
            "muster_jobs_refused_total",
            "muster_pool_slots_free",
            "muster_pool_tasks",
            "muster_stream_job_watermark_delay_seconds",
            "muster_webjobs_run_duration_seconds_count",
            "muster_webjobs_start_latency_seconds_count",
            "muster_webjobs_start_latency_seconds_sum");

    private static final int LARGEST_SCRAPE = 200_000;
    private static final String DEVICE = "metrics-000001";

    @Test
    void namesExistingMetricsInAlertsAndDashboards() throws Exception {
        RunningMuster muster = RunningMuster.get();
        assertThat(muster.rest.send("PUT", "/jobs/v2/metrics", "{}").join().status())
                .isEqualTo(400);
        muster.register(List.of(DEVICE), "{}");
        try (SimulatedFleet fleet = muster.connect(List.of(DEVICE), Behaviour.PERFECT)) {
            await().until(() -> fleet.counters().connected() == 1);
            RunningMuster.schedule(muster.rest, "metrics", "deviceId = '" + DEVICE + "'", 10);
            RunningMuster.completed(muster.rest, "metrics");
        }
        assertThat(Files.readString(muster.standalone.log("planner")))
                .containsPattern("INFO .*JobCreated jobId=metrics operation=DeviceMethod status=QUEUED requestId=")
                .contains("JobStarted jobId=metrics")
                .contains("JobCompleted jobId=metrics devices=1 succeeded=1 failed=0 cancelled=0");
        Set<String> wanted = new TreeSet<>();
        for (String expression : expressions()) {
            Matcher matcher = METRIC.matcher(expression);
            while (matcher.find()) {
                wanted.add(matcher.group(1));
            }
        }
        wanted.removeAll(OF_RARE_THINGS);
        assertThat(wanted).contains("muster_jobs", "muster_gateway_connections");
        // Those of Kafka's clients are searched once a minute.
        await().atMost(Duration.ofMinutes(2)).untilAsserted(() -> {
            StringBuilder all = new StringBuilder();
            for (String service : List.of("planner", "processor", "gateway", "api")) {
                all.append(Operations.scrape(muster.standalone.operations(service)));
            }
            Set<String> there = all.toString()
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("[{ ]")[0])
                    .collect(Collectors.toSet());
            assertThat(there)
                    .containsAll(wanted)
                    .contains(
                            "muster_build_info",
                            "muster_certificate_expiry_timestamp_seconds",
                            "muster_job_duration_seconds_count",
                            "muster_api_request_duration_seconds_count",
                            "muster_device_jobs_queued",
                            "kafka_stream_state_estimate_num_keys");
            assertThat(all.toString()
                            .lines()
                            .filter(line -> line.startsWith("# HELP muster_"))
                            .filter(line -> line.strip().split(" ", 4).length < 4))
                    .as("metrics without a description")
                    .isEmpty();
            assertThat(Operations.scrape(muster.standalone.operations("planner")))
                    .as("a scrape of the planner")
                    .hasSizeLessThan(LARGEST_SCRAPE);
        });
    }

    private static List<String> expressions() throws Exception {
        List<String> expressions = Files.readAllLines(FILES.resolve("alerts.yaml"));
        new ObjectMapper()
                .readTree(FILES.resolve("dashboard.json").toFile())
                .findValues("expr")
                .forEach(expression -> expressions.add(expression.asText()));
        return expressions;
    }

    @Test
    void documentsEachAlert() throws Exception {
        String page = Files.readString(Path.of("../docs/operate/alerts.md"));
        Matcher alert = Pattern.compile("- alert: (\\w+)").matcher(Files.readString(FILES.resolve("alerts.yaml")));
        Set<String> alerts = new TreeSet<>();
        while (alert.find()) {
            alerts.add(alert.group(1));
        }
        Set<String> sections = page.lines()
                .filter(line -> line.startsWith("## "))
                .map(line -> line.substring(3))
                .collect(Collectors.toSet());
        assertThat(alerts).hasSizeGreaterThan(5).isEqualTo(sections);
    }
}
