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
import io.muster.api.http.Pieces;
import io.muster.api.http.Streams;
import io.muster.api.job.SiteView;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.WebJob;
import io.muster.records.WebJobKind;
import io.muster.records.WebJobRun;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
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
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final SiteView sites;
    private final TaskOutputs outputs;
    private final Semaphore readers = new Semaphore(AT_ONCE);

    LogController(SiteView sites, TaskOutputs outputs) {
        this.sites = sites;
        this.outputs = outputs;
    }

    @Get(FILES + "/triggered/{name}/{runId}/output_log.txt")
    HttpResponse<?> ofRun(HttpRequest<?> request, String site, String name, String runId) throws IOException {
        WebJob job = WebJobController.job(sites.get(site), WebJobKind.TRIGGERED, name);
        return log(request, List.of(WebJobController.run(job, runId)), Integer.MAX_VALUE);
    }

    @Get(FILES + "/continuous/{name}/job_log.txt")
    HttpResponse<?> ofContinuous(HttpRequest<?> request, String site, String name) throws IOException {
        return continuous(request, site, name, 0);
    }

    @Get(FILES + "/continuous/{name}/job_prev_log.txt")
    HttpResponse<?> ofContinuousBefore(HttpRequest<?> request, String site, String name) throws IOException {
        return continuous(request, site, name, 1);
    }

    private HttpResponse<?> continuous(HttpRequest<?> request, String site, String name, int before)
            throws IOException {
        List<WebJobRun> runs =
                Instances.generation(WebJobController.job(sites.get(site), WebJobKind.CONTINUOUS, name), before);
        if (runs.isEmpty()) {
            throw new ProblemException(Kudu.noJob());
        }
        return log(request, runs, CONTINUOUS_LINES);
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

    private HttpResponse<?> log(HttpRequest<?> request, List<WebJobRun> runs, int mostLines) throws IOException {
        Optional<String> range = request.getHeaders().findFirst("Range").filter(ByteRange::isOne);
        if (range.isEmpty()) {
            return text(HttpStatus.OK, body(request, runs, mostLines, new ByteRange(0, Long.MAX_VALUE)));
        }
        long length = length(runs, mostLines);
        Optional<ByteRange> asked = ByteRange.of(range.get(), length);
        return asked.<HttpResponse<?>>map(
                        found -> text(HttpStatus.PARTIAL_CONTENT, body(request, runs, mostLines, found))
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
                .header("Accept-Ranges", "bytes")
                .header("Cache-Control", "no-store");
    }

    private long length(List<WebJobRun> runs, int mostLines) throws IOException {
        admit(runs.size(), Duration.ZERO);
        try {
            return RunLogPieces.length(outputs, runs, mostLines);
        } finally {
            readers.release(runs.size());
        }
    }

    private Flux<byte[]> body(HttpRequest<?> request, List<WebJobRun> runs, int mostLines, ByteRange range) {
        if (readers.availablePermits() < runs.size()) {
            throw tooMany();
        }
        return Streams.of(request, () -> open(runs, mostLines, range));
    }

    private Pieces open(List<WebJobRun> runs, int mostLines, ByteRange range) throws IOException {
        admit(runs.size(), PATIENCE);
        try {
            return RunLogPieces.open(outputs, runs, mostLines, range.from(), range.to())
                    .andThen(() -> readers.release(runs.size()));
        } catch (IOException | RuntimeException e) {
            readers.release(runs.size());
            throw e;
        }
    }

    /** Takes as many of the places of readers as there are runs. */
    private void admit(int runs, Duration limit) {
        try {
            if (readers.tryAcquire(runs, limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw tooMany();
    }

    private static ProblemException tooMany() {
        return new ProblemException(Problem.throttled("Too many logs are being read: try again in a moment."));
    }
}
