package io.muster.api.surface.webjobs;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Produces;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.muster.api.compute.TaskOutputs;
import io.muster.api.http.ByteRange;
import io.muster.api.http.Callers;
import io.muster.api.http.Pieces;
import io.muster.api.http.Places;
import io.muster.api.http.Streams;
import io.muster.api.http.Time;
import io.muster.api.job.SiteView;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.Site;
import io.muster.records.WebJob;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** Shows logs of runs, as they are now, whole or by range. Nothing of a log is held here but what is being sent. Contract: webjobs-and-schedules, 2.6. */
@Controller(Kudu.MOUNT)
@Produces(MediaType.ALL)
@ExecuteOn(TaskExecutors.BLOCKING)
final class LogController {
    private static final String FILES = Kudu.SITE + "/api/vfs/data/jobs";
    private static final int CONTINUOUS_LINES = 200;
    /** Bounds the runs that are read at once: two whole logs of the largest continuous job for one caller, and for one site. */
    private static final int AT_ONCE = 100;

    private static final int LIVE_AT_ONCE = 64;
    private static final Duration LIVE_BETWEEN = Duration.ofMillis(500);
    /** Bounds how long a live log outlives its credentials: a replaced key or a lost role takes effect at the next connection. */
    private static final Duration LIFE = Duration.ofMinutes(5);

    private static final String LAST_EVENT_ID = "Last-Event-ID";

    private static final ByteRange WHOLE = new ByteRange(0, Long.MAX_VALUE);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final SiteView sites;
    private final TaskOutputs outputs;
    private final Time time;
    /** Bounds the logs that are read at once, a place for each run: half of them for one caller, and for one site. */
    private final Places readers = new Places(AT_ONCE, AT_ONCE / 2);
    /** Bounds the live logs: they go on, and leave the others their places. */
    private final Places liveReaders = new Places(LIVE_AT_ONCE, LIVE_AT_ONCE / 2);

    LogController(SiteView sites, TaskOutputs outputs, Time time) {
        this.sites = sites;
        this.outputs = outputs;
        this.time = time;
    }

    @Get(FILES + "/triggered/{name}/{runId}/output_log.txt")
    HttpResponse<?> ofRun(HttpRequest<?> request, String site, String name, String runId) throws IOException {
        WebJob job = WebJobController.job(sites.get(site), WebJobKind.TRIGGERED, name);
        WebJobRun run = WebJobController.run(job, runId);
        return isLive(request)
                ? live(request, site, run, () -> latest(site, name, runId))
                : log(request, site, List.of(run));
    }

    private static boolean isLive(HttpRequest<?> request) {
        return request.accept().stream()
                .anyMatch(type -> type.equals(MediaType.TEXT_EVENT_STREAM_TYPE)
                        && type.getQualityAsNumber().signum() > 0);
    }

    private Optional<WebJobRun> latest(String site, String name, String runId) {
        return sites.get(site).stream()
                .flatMap(known -> known.getWebJobs().stream())
                .filter(job ->
                        job.getKind() == WebJobKind.TRIGGERED && job.getName().equalsIgnoreCase(name))
                .flatMap(job -> job.getRuns().stream())
                .filter(run -> run.getId().equals(runId))
                .findFirst();
    }

    /** Follows a log until its run has ended. */
    private HttpResponse<?> live(
            HttpRequest<?> request, String site, WebJobRun run, Supplier<Optional<WebJobRun>> latest) {
        EventId from = lastEventId(request);
        Places.Taken place =
                liveReaders.take(readersOf(request, site), 1, Duration.ZERO).orElseThrow(LogController::tooMany);
        Flux<byte[]> events = Streams.during(
                LIFE,
                request,
                Streams.holding(
                        request, place, () -> new LiveLog(outputs, run, latest, from, LIVE_BETWEEN, time.source())));
        return HttpResponse.<Publisher<byte[]>>ok(events)
                .header("Content-Type", MediaType.TEXT_EVENT_STREAM)
                .header("Cache-Control", "no-store")
                // Proxies of the nginx kind would hold events back.
                .header("X-Accel-Buffering", "no");
    }

    private static EventId lastEventId(HttpRequest<?> request) {
        if (request.getHeaders().contains("Range")) {
            throw new ProblemException(
                    Problem.argumentInvalid("Range can't be honoured for text/event-stream: give Last-Event-ID."));
        }
        String id = request.getHeaders().findFirst(LAST_EVENT_ID).orElse("0");
        return EventId.of(id)
                .orElseThrow(() ->
                        new ProblemException(Problem.argumentInvalid("Last-Event-ID has to be the id of an event.")));
    }

    @Get(FILES + "/continuous/{name}/job_log.txt")
    HttpResponse<?> ofContinuous(HttpRequest<?> request, String site, String name) throws IOException {
        return continuous(request, site, name, 0);
    }

    @Get(FILES + "/continuous/{name}/job_prev_log.txt")
    HttpResponse<?> ofContinuousBefore(HttpRequest<?> request, String site, String name) throws IOException {
        return continuous(request, site, name, 1);
    }

    /** Answers the whole log, asked for a range or not: its head goes with older starts, and nodes write between each other's lines, so no offset stays what it was. */
    private HttpResponse<?> continuous(HttpRequest<?> request, String site, String name, int before)
            throws IOException {
        Optional<Site> known = sites.get(site);
        WebJob job = WebJobController.job(known, WebJobKind.CONTINUOUS, name);
        if (isLive(request)) {
            throw new ProblemException(new Problem(
                    406, "NotAcceptable", "The log of a continuous job is not there as text/event-stream."));
        }
        List<WebJobRun> runs = Instances.shown(known.orElseThrow(), job, before);
        if (runs.isEmpty()) {
            throw new ProblemException(Kudu.noJob());
        }
        return text(HttpStatus.OK, body(request, site, runs, CONTINUOUS_LINES, WHOLE))
                .header("Accept-Ranges", "none");
    }

    /** Says which times of a job's schedule brought no run, and when it is due. */
    @Get(FILES + "/triggered/{name}/job_scheduler.log")
    HttpResponse<String> ofSchedule(String site, String name) {
        WebJob job = WebJobController.job(sites.get(site), WebJobKind.TRIGGERED, name);
        return HttpResponse.ok(SchedulerLog.of(job)).header("Content-Type", Kudu.TEXT);
    }

    private HttpResponse<?> log(HttpRequest<?> request, String site, List<WebJobRun> runs) throws IOException {
        Optional<String> range = request.getHeaders().findFirst("Range").filter(ByteRange::isOne);
        if (range.isEmpty()) {
            return text(HttpStatus.OK, body(request, site, runs, Integer.MAX_VALUE, WHOLE))
                    .header("Accept-Ranges", "bytes");
        }
        long length = length(request, site, runs);
        Optional<ByteRange> asked = ByteRange.of(range.get(), length);
        return asked.<HttpResponse<?>>map(
                        found -> text(HttpStatus.PARTIAL_CONTENT, body(request, site, runs, Integer.MAX_VALUE, found))
                                .header("Accept-Ranges", "bytes")
                                .header("Content-Range", found.contentRange(length)))
                .orElseGet(() -> HttpResponse.<String>status(HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                        .body("")
                        .header("Content-Type", Kudu.TEXT)
                        .header("Content-Range", "bytes */" + length));
    }

    private static MutableHttpResponse<Publisher<byte[]>> text(HttpStatus status, Flux<byte[]> body) {
        return HttpResponse.status(status)
                .<Publisher<byte[]>>body(body)
                .header("Content-Type", Kudu.TEXT)
                .header("Cache-Control", "no-store");
    }

    private long length(HttpRequest<?> request, String site, List<WebJobRun> runs) throws IOException {
        try (Places.Taken _ = take(request, site, runs, Duration.ZERO);
                Pieces log = RunLogPieces.open(outputs, runs, Integer.MAX_VALUE, 0, Long.MAX_VALUE, time.now())) {
            return log.length(time.source(), "read the log without a range, or follow it.");
        }
    }

    private Places.Taken take(HttpRequest<?> request, String site, List<WebJobRun> runs, Duration limit) {
        return readers.take(readersOf(request, site), runs.size(), limit).orElseThrow(LogController::tooMany);
    }

    private static List<String> readersOf(HttpRequest<?> request, String site) {
        return List.of("caller " + Callers.of(request).id(), "site " + site.toLowerCase(Locale.ROOT));
    }

    private static ProblemException tooMany() {
        return new ProblemException(Problem.throttled("Too many logs are being read: try again in a moment."));
    }

    private Flux<byte[]> body(
            HttpRequest<?> request, String site, List<WebJobRun> runs, int mostLines, ByteRange range) {
        Places.Taken places = take(request, site, runs, PATIENCE);
        return Streams.holding(
                request,
                places,
                () -> RunLogPieces.open(outputs, runs, mostLines, range.from(), range.to(), time.now()));
    }
}
