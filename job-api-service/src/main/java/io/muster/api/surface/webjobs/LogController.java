package io.muster.api.surface.webjobs;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.muster.api.compute.TaskOutputs;
import io.muster.api.http.ByteRange;
import io.muster.api.http.Callers;
import io.muster.api.http.Pieces;
import io.muster.api.http.Places;
import io.muster.api.http.Streams;
import io.muster.api.job.SiteView;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.Site;
import io.muster.records.WebJob;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** Shows logs of runs, as they are now, whole or by range. Nothing of a log is held here but what is being sent. Contract: webjobs-and-schedules, 2.6. */
@Controller(Kudu.MOUNT)
@ExecuteOn(TaskExecutors.BLOCKING)
final class LogController {
    private static final String FILES = Kudu.SITE + "/api/vfs/data/jobs";
    private static final int CONTINUOUS_LINES = 200;
    private static final int AT_ONCE = 64;
    private static final ByteRange WHOLE = new ByteRange(0, Long.MAX_VALUE);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final SiteView sites;
    private final TaskOutputs outputs;
    /** Bounds the logs that are read at once, a place for each run: half of them for one caller, and for one site. */
    private final Places readers = new Places(AT_ONCE, AT_ONCE / 2);

    LogController(SiteView sites, TaskOutputs outputs) {
        this.sites = sites;
        this.outputs = outputs;
    }

    @Get(FILES + "/triggered/{name}/{runId}/output_log.txt")
    HttpResponse<?> ofRun(HttpRequest<?> request, String site, String name, String runId) throws IOException {
        WebJob job = WebJobController.job(sites.get(site), WebJobKind.TRIGGERED, name);
        return log(request, site, List.of(WebJobController.run(job, runId)));
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
        List<WebJobRun> runs = Instances.shown(known.orElseThrow(), job, before);
        if (runs.isEmpty()) {
            throw new ProblemException(Kudu.noJob());
        }
        return text(HttpStatus.OK, body(request, site, runs, CONTINUOUS_LINES, WHOLE))
                .header("Accept-Ranges", "none");
    }

    /** Says when a job's schedule is due. */
    @Get(FILES + "/triggered/{name}/job_scheduler.log")
    HttpResponse<String> ofSchedule(String site, String name) {
        WebJob job = WebJobController.job(sites.get(site), WebJobKind.TRIGGERED, name);
        @Nullable Instant dueAt = job.getDueAt();
        return HttpResponse.ok(
                        dueAt == null ? "No schedule is due.\r\n" : "Next schedule expected at " + dueAt + "\r\n")
                .header("Content-Type", Kudu.TEXT);
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
        try (Places.Taken _ = take(request, site, runs, Duration.ZERO)) {
            return RunLogPieces.length(outputs, runs, Integer.MAX_VALUE);
        }
    }

    private Places.Taken take(HttpRequest<?> request, String site, List<WebJobRun> runs, Duration limit) {
        return readers.take(readersOf(request, site), runs.size(), limit).orElseThrow(LogController::tooMany);
    }

    private static List<String> readersOf(HttpRequest<?> request, String site) {
        return List.of("caller " + Callers.of(request).id(), "site " + site);
    }

    private static ProblemException tooMany() {
        return new ProblemException(Problem.throttled("Too many logs are being read: try again in a moment."));
    }

    private Flux<byte[]> body(
            HttpRequest<?> request, String site, List<WebJobRun> runs, int mostLines, ByteRange range) {
        if (!readers.areLeft(readersOf(request, site), runs.size())) {
            throw tooMany();
        }
        return Streams.of(request, () -> open(request, site, runs, mostLines, range));
    }

    private Pieces open(HttpRequest<?> request, String site, List<WebJobRun> runs, int mostLines, ByteRange range)
            throws IOException {
        Places.Taken places = take(request, site, runs, PATIENCE);
        try {
            return RunLogPieces.open(outputs, runs, mostLines, range.from(), range.to())
                    .andThen(places::close);
        } catch (IOException | RuntimeException e) {
            places.close();
            throw e;
        }
    }
}
