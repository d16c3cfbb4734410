package io.muster.benchmarks;

import io.muster.access.SharedAccessSignature;
import io.muster.codec.Codecs;
import io.muster.records.JobCreated;
import io.muster.records.JobEvent;
import io.muster.records.Schedule;
import io.muster.records.ScheduleEvent;
import io.muster.records.ScheduleFired;
import io.muster.records.Site;
import io.muster.records.SiteEvent;
import io.muster.records.WebJob;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunBegun;
import io.muster.records.WebJobRunEnded;
import io.muster.records.WebJobRunStatus;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import io.muster.topics.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * Runs WebJobs on two nodes, and a schedule that makes a job every five seconds, and recounts both from the log: each run that was accepted ends exactly once, and
 * its program is started at most once; each firing time is fired once or counted as missed, and makes exactly one job. {@link #ask} is for any thread; all else is
 * for one.
 */
final class AuditedRuns implements AutoCloseable {
    /** Counts the compute nodes that it takes. */
    static final int NODES = 2;

    private static final String SITE = "audited";
    private static final List<String> JOBS = List.of("audited-1", "audited-2", "audited-3");
    private static final String SCHEDULE = "audited-schedule";
    private static final Duration PERIOD = Duration.ofSeconds(5);
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final int MOST_ASKED = 6;
    private static final int LONGEST_MS = 2000;
    private static final int OK = 200;
    private static final int ACCEPTED = 202;
    private static final int CONFLICT = 409;

    private final HttpClient http;
    private final URI site;
    private final String token;
    private final Path starts;
    private final Codecs codecs;
    private final KafkaConsumer<String, byte[]> consumer;
    private final Queue<String> accepted = new ConcurrentLinkedQueue<>();
    /** Counts requests whose answer never came: they may have begun a run. */
    private final AtomicInteger unanswered = new AtomicInteger();

    /** Holds the runs that have begun by their ids and their jobs', and how they ended; empty for those that have not. */
    private final Map<String, Optional<WebJobRunStatus>> runs = new LinkedHashMap<>();
    /** Counts how often jobs were made, by id. */
    private final Map<String, Integer> made = new HashMap<>();

    private final Map<String, Instant> fired = new LinkedHashMap<>();
    private final List<String> wrong = new ArrayList<>();
    private @Nullable Instant due;
    private long missed;
    private @Nullable Site siteNow;
    private @Nullable Schedule scheduleNow;

    private AuditedRuns(Standalone muster, Codecs codecs) throws Exception {
        String rest = muster.options().rest();
        this.http = HttpClient.newBuilder()
                .sslContext(RestClient.trusting(muster.caFile()))
                .build();
        this.site = URI.create(rest + "/" + SITE + ".scm.azurewebsites.net/api/triggeredwebjobs/");
        this.token = SharedAccessSignature.sign(
                site.getAuthority(),
                String.valueOf(muster.policies()
                        .named("iothubowner")
                        .orElseThrow()
                        .keys()
                        .primary()),
                "iothubowner",
                Instant.now().plus(Duration.ofDays(30)));
        // Not where a fault fills the disk: half a line would read as another run.
        this.starts = Files.createTempFile("audited", ".starts");
        starts.toFile().deleteOnExit();
        this.codecs = codecs;
        this.consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", muster.options().kafka(), "isolation.level", "read_committed"),
                new StringDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = Stream.of(
                        Topics.SITE_EVENTS, Topics.SITES, Topics.SCHEDULE_EVENTS, Topics.SCHEDULES, Topics.JOB_EVENTS)
                .flatMap(topic -> consumer.partitionsFor(topic.name()).stream())
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Starts the nodes, uploads the jobs, and makes the schedule. */
    static AuditedRuns start(Standalone muster, RestClient rest, Codecs codecs) throws Exception {
        muster.startNodes(_ -> {});
        AuditedRuns runs = new AuditedRuns(muster, codecs);
        for (String job : JOBS) {
            HttpResponse<String> answer = runs.send(
                    "PUT",
                    job,
                    "echo \"$WEBJOBS_NAME/$WEBJOBS_RUN_ID\" >>'" + runs.starts + "'\n",
                    "Content-Disposition",
                    "attachment; filename=run.sh");
            require(answer.statusCode(), answer.body());
        }
        RestClient.Answer answer = rest.send(
                        "PUT",
                        "/jobs/v2/" + SCHEDULE,
                        "{\"type\":\"scheduleUpdateTwin\",\"updateTwin\":{\"tags\":{\"never\":true}},\"queryCondition\":\"tags.place = -1\","
                                + "\"schedule\":{\"cron\":\"*/" + PERIOD.toSeconds() + " * * * * *\"}}")
                .join();
        require(answer.status(), answer.body().toString());
        return runs;
    }

    private static void require(int status, String body) {
        if (status != OK) {
            throw new IllegalStateException(status + ": " + body);
        }
    }

    private HttpResponse<String> send(String method, String path, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(site.resolve(path))
                .timeout(TIMEOUT)
                .header("Authorization", token)
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Asks for some runs, as the seed says, whatever the answers are. */
    void ask(SplittableRandom random) throws InterruptedException {
        for (int left = 1 + random.nextInt(MOST_ASKED); left > 0; left--) {
            Thread.sleep(random.nextInt(LONGEST_MS));
            String job = JOBS.get(random.nextInt(JOBS.size()));
            try {
                HttpResponse<String> answer = send("POST", job + "/run", "");
                if (answer.statusCode() == ACCEPTED) {
                    String location = answer.headers().firstValue("Location").orElseThrow();
                    accepted.add(job + location.substring(location.lastIndexOf('/')));
                } else if (answer.statusCode() != CONFLICT) {
                    unanswered.incrementAndGet();
                }
            } catch (IOException e) {
                unanswered.incrementAndGet();
            }
        }
    }

    /** Waits until all runs have ended and the schedule has fired behind now, and recounts. @return the faults, one sentence each */
    List<String> audit(Instant deadline) throws InterruptedException, IOException {
        Instant now = Instant.now();
        List<String> found;
        do {
            Thread.sleep(200);
            readOn();
            found = differences(now);
        } while (!found.isEmpty() && Instant.now().isBefore(deadline));
        List<String> all = Stream.concat(wrong.stream(), found.stream()).toList();
        wrong.clear();
        return all;
    }

    /** Says how much was recounted. */
    String counters() {
        return accepted.size() + " runs accepted, " + unanswered + " without an answer, " + fired.size() + " firings";
    }

    private void readOn() {
        Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            consumer.poll(Duration.ofMillis(100)).forEach(this::read);
        }
    }

    private void read(ConsumerRecord<String, byte[]> record) {
        if (record.value() == null) {
            return;
        }
        String topic = record.topic();
        if (topic.equals(Topics.SITE_EVENTS.name())) {
            read(codecs.of(Topics.SITE_EVENTS).decode(record.value()));
        } else if (topic.equals(Topics.SCHEDULE_EVENTS.name())) {
            read(codecs.of(Topics.SCHEDULE_EVENTS).decode(record.value()));
        } else if (topic.equals(Topics.JOB_EVENTS.name())) {
            JobEvent event = codecs.of(Topics.JOB_EVENTS).decode(record.value());
            if (event.getEvent() instanceof JobCreated && event.getJobId().startsWith(SCHEDULE + "-")) {
                made.merge(event.getJobId(), 1, Integer::sum);
            }
        } else if (topic.equals(Topics.SITES.name()) && record.key().equals(SITE)) {
            siteNow = codecs.of(Topics.SITES).decode(record.value());
        } else if (topic.equals(Topics.SCHEDULES.name()) && record.key().equals(SCHEDULE)) {
            scheduleNow = codecs.of(Topics.SCHEDULES).decode(record.value());
        }
    }

    private void read(SiteEvent event) {
        if (event.getEvent() instanceof WebJobRunBegun begun) {
            String run = begun.getName() + "/" + begun.getRun().getId();
            if (runs.put(run, Optional.empty()) != null) {
                wrong.add(run + ": begun twice");
            }
        } else if (event.getEvent() instanceof WebJobRunEnded ended) {
            String run = ended.getName() + "/" + ended.getRunId();
            Optional<WebJobRunStatus> before = runs.put(run, Optional.of(ended.getStatus()));
            if (before == null || before.isPresent()) {
                wrong.add(run + ": ended as " + ended.getStatus() + ", and was "
                        + (before == null ? "never begun" : before.get().toString()));
            }
        }
    }

    private void read(ScheduleEvent event) {
        if (event.getScheduleId().equals(SCHEDULE) && event.getEvent() instanceof ScheduleFired firing) {
            if (fired.put(firing.getRun(), firing.getDueAt()) != null) {
                wrong.add(SCHEDULE + ": fired twice as " + firing.getRun());
            }
            if (due != null && !firing.getDueAt().equals(due.plus(PERIOD.multipliedBy(firing.getMissed())))) {
                wrong.add(SCHEDULE + ": was due at " + due + ", missed " + firing.getMissed() + " times, and fired for "
                        + firing.getDueAt());
            }
            missed += firing.getMissed();
            due = firing.getNextAt();
        }
    }

    private List<String> differences(Instant now) throws IOException {
        List<String> found = new ArrayList<>();
        List<String> answered = List.copyOf(accepted);
        answered.stream()
                .filter(run -> !runs.containsKey(run))
                .forEach(run -> found.add(run + ": accepted, and never begun"));
        if (answered.stream().distinct().count() != answered.size()) {
            found.add("a run was accepted twice: " + answered);
        }
        if (runs.size() > answered.size() + unanswered.get()) {
            found.add(runs.size() + " runs have begun, of which " + answered.size() + " were accepted and "
                    + unanswered.get() + " may have been");
        }
        Map<String, Long> started =
                Files.readAllLines(starts).stream().collect(Collectors.groupingBy(run -> run, Collectors.counting()));
        started.forEach((run, times) -> {
            if (times > 1 || !runs.containsKey(run)) {
                found.add(run + ": its program was started " + times + " times");
            }
        });
        runs.forEach((run, end) -> {
            if (end.isEmpty()) {
                found.add(run + ": has not ended");
            } else if (end.get() == WebJobRunStatus.SUCCESS && !started.containsKey(run)) {
                found.add(run + ": ended well without a start");
            }
        });
        compareSite(found);
        compareSchedule(found, now);
        return found;
    }

    /** Compares the runs that are shown with those of the log. */
    private void compareSite(List<String> found) {
        for (WebJob job : siteNow == null ? List.<WebJob>of() : siteNow.getWebJobs()) {
            for (WebJobRun run : job.getRuns()) {
                @Nullable Optional<WebJobRunStatus> end = runs.get(job.getName() + "/" + run.getId());
                if (end == null || end.isPresent() && end.get() != run.getStatus()) {
                    found.add(job.getName() + "/" + run.getId() + ": shown as " + run.getStatus() + ", the log has "
                            + end);
                }
            }
        }
    }

    private void compareSchedule(List<String> found, Instant now) {
        fired.keySet().forEach(run -> {
            int jobs = made.getOrDefault(SCHEDULE + "-" + run, 0);
            if (jobs != 1) {
                found.add(SCHEDULE + ": the firing " + run + " made " + jobs + " jobs");
            }
        });
        if (made.size() > fired.size()) {
            found.add(SCHEDULE + ": " + made.size() + " jobs were made by " + fired.size() + " firings");
        }
        if (due == null || due.isBefore(now)) {
            found.add(SCHEDULE + ": has not fired behind " + now + ", but is due at " + due);
        }
        if (scheduleNow == null || scheduleNow.getFired() != fired.size() || scheduleNow.getMissed() != missed) {
            found.add(SCHEDULE + ": fired " + fired.size() + " times and missed " + missed + ", shown as "
                    + (scheduleNow == null ? null : scheduleNow.getFired() + " and " + scheduleNow.getMissed()));
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
