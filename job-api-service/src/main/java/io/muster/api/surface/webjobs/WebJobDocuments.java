package io.muster.api.surface.webjobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.document.HostSetting;
import io.muster.records.Site;
import io.muster.records.WebJob;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import io.muster.schedule.Ncrontab;
import io.muster.schedule.ScheduleException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes jobs and runs as Kudu does. Contract: webjobs-and-schedules, 2.2.
 *
 * @param base of addresses: scheme, host and, where the host is not the site's own, the site
 * @param now until which runs that go on have lasted
 */
record WebJobDocuments(String base, Instant now) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final DateTimeFormatter RUN_ID = DateTimeFormatter.ofPattern("yyyyMMddHHmmssSSSS");
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss").withZone(ZoneOffset.UTC);
    private static final int DIGITS = 7;

    /** Returns a job of either kind. */
    ObjectNode job(Site site, WebJob job) {
        String name = job.getName();
        String type = type(job.getKind());
        String url = base + "/api/" + type + "webjobs/" + name;
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        switch (job.getKind()) {
            case TRIGGERED -> {
                document.set(
                        "latest_run",
                        job.getRuns().stream()
                                .findFirst()
                                .<JsonNode>map(run -> run(job, run))
                                .orElse(JsonNodeFactory.instance.nullNode()));
                document.put("history_url", url + "/history");
                document.put("scheduler_logs_url", base + "/vfs/data/jobs/triggered/" + name + "/job_scheduler.log");
            }
            case CONTINUOUS -> {
                document.put("status", Instances.status(site, job));
                document.put("detailed_status", Instances.detailedStatus(site, job));
                document.put("log_url", base + "/vfs/data/jobs/continuous/" + name + "/job_log.txt");
            }
        }
        document.put("name", name);
        document.put("run_command", job.getFiles().getScript());
        document.put("url", url);
        document.put("extra_info_url", base + "/azurejobs/#/jobs/" + type + "/" + name);
        document.put("type", type);
        document.put("error", error(site, job).orElse(null));
        document.put("using_sdk", false);
        document.set("settings", settings(job));
        return document;
    }

    /** Returns why a job does not do what its settings and those of its site say. */
    private static Optional<String> error(Site site, WebJob job) {
        Stream<HostSetting> numbers = switch (job.getKind()) {
            case TRIGGERED -> Stream.of(HostSetting.WEBJOBS_IDLE_TIMEOUT, HostSetting.WEBJOBS_HISTORY_SIZE);
            case CONTINUOUS -> Stream.of(HostSetting.WEBJOBS_RESTART_TIME);
        };
        return Stream.of(
                        Stream.of(job.getSettingsFault()),
                        scheduleError(job).stream(),
                        placeError(site, job).stream(),
                        numbers.flatMap(number -> number.fault(site.getSettings()).stream()))
                .flatMap(errors -> errors)
                .filter(error -> !error.isEmpty())
                .reduce((some, more) -> some + " " + more);
    }

    private static Optional<String> placeError(Site site, WebJob job) {
        return switch (job.getKind()) {
            case TRIGGERED -> Optional.empty();
            case CONTINUOUS -> Instances.placeFault(site, job);
        };
    }

    /** Returns why a job's schedule is not used; empty where it is, or there is none. */
    static Optional<String> scheduleError(WebJob job) {
        JsonNode schedule = settings(job).path("schedule");
        if (job.getKind() == WebJobKind.CONTINUOUS || !schedule.isTextual()) {
            return Optional.empty();
        }
        try {
            Ncrontab.parse(schedule.textValue());
            return Optional.empty();
        } catch (ScheduleException e) {
            return Optional.of("The schedule is not used. " + e.getMessage());
        }
    }

    /** Returns a job's settings. */
    static ObjectNode settings(WebJob job) {
        try {
            return JSON.readTree(job.getSettings()) instanceof ObjectNode object
                    ? object
                    : JsonNodeFactory.instance.objectNode();
        } catch (JsonProcessingException e) {
            return JsonNodeFactory.instance.objectNode();
        }
    }

    /** Returns the history of a triggered job. */
    ObjectNode history(WebJob job) {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        ArrayNode runs = document.putArray("runs");
        job.getRuns().forEach(run -> runs.add(run(job, run)));
        return document;
    }

    /** Returns a run of a triggered job. */
    ObjectNode run(WebJob job, WebJobRun run) {
        Instant begun = begun(run);
        @Nullable Instant ended = run.getEndedAt();
        Duration duration = Duration.between(begun, ended == null ? now : ended);
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", run.getId())
                .put("name", run.getId())
                .put("status", Statuses.ofRun(run.getStatus()))
                .put("start_time", time(begun))
                .put("end_time", ended == null ? null : time(ended))
                .put("duration", duration(duration.isNegative() ? Duration.ZERO : duration))
                .put(
                        "output_url",
                        base + "/vfs/data/jobs/triggered/" + job.getName() + "/" + run.getId() + "/output_log.txt")
                .putNull("error_url")
                .put("url", base + "/api/triggeredwebjobs/" + job.getName() + "/history/" + run.getId())
                .put("job_name", job.getName())
                .put("trigger", run.getTrigger());
    }

    /** Returns when a run was begun, to the precision of its id. */
    private static Instant begun(WebJobRun run) {
        return LocalDateTime.parse(run.getId(), RUN_ID).toInstant(ZoneOffset.UTC);
    }

    static String type(WebJobKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** Returns a time without zeros at its end, as .NET writes it. */
    static String time(Instant time) {
        return TIME.format(time) + fraction(time.getNano()) + "Z";
    }

    /** Returns a duration as .NET writes it: {@code [days.]hh:mm:ss[.fraction]}. */
    static String duration(Duration duration) {
        return (duration.toDays() > 0 ? duration.toDays() + "." : "")
                + "%02d:%02d:%02d".formatted(duration.toHoursPart(), duration.toMinutesPart(), duration.toSecondsPart())
                + fraction(duration.toNanosPart());
    }

    private static String fraction(int nanos) {
        String digits = "%09d".formatted(nanos).substring(0, DIGITS);
        String trimmed = digits.replaceAll("0+$", "");
        return trimmed.isEmpty() ? "" : "." + trimmed;
    }
}
