package io.muster.api.surface.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Produces;
import io.micronaut.http.sse.Event;
import io.muster.api.http.Answers;
import io.muster.api.http.Callers;
import io.muster.api.http.Streams;
import io.muster.api.http.Workers;
import io.muster.api.job.Changes;
import io.muster.api.job.JobView;
import io.muster.api.job.StreamJobView;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/** Shows what is known of jobs and stream jobs, and how that changes. */
@Controller(Console.MOUNT)
final class LiveController {
    private static final int SHOWN = 50;
    /** Bounds how long a stream outlives its credentials: a replaced key or a lost role takes effect at the next connection. */
    private static final Duration LIFE = Duration.ofMinutes(5);

    private static final String LAST_EVENT_ID = "Last-Event-ID";
    private static final Map<String, Changes.Kind> KINDS = new TreeMap<>(Map.of(
            "job", Changes.Kind.JOB, "statistics", Changes.Kind.STATISTICS, "streamJob", Changes.Kind.STREAM_JOB));

    private final LiveReaders readers;
    private final Changes changes;
    private final JobView jobs;
    private final StreamJobView streamJobs;
    private final Workers workers;

    LiveController(LiveReaders readers, Changes changes, JobView jobs, StreamJobView streamJobs, Workers workers) {
        this.readers = readers;
        this.changes = changes;
        this.jobs = jobs;
        this.streamJobs = streamJobs;
        this.workers = workers;
    }

    /** Returns the latest jobs, the newest first, and in a header the position from which events go on. */
    @Get("/live/jobs")
    CompletionStage<MutableHttpResponse<String>> jobs() {
        return workers.get(() -> {
            String position = changes.now();
            ArrayNode body = JsonNodeFactory.instance.arrayNode();
            jobs.latest(SHOWN).forEach(entry -> body.add(LiveRows.of(entry)));
            return Answers.ok(body).header(LAST_EVENT_ID, position).header("Cache-Control", "no-store");
        });
    }

    /**
     * Streams changes. Without a position all that is known comes first.
     *
     * @throws ProblemException (400) for a kind that is unknown, (429) when too many read
     */
    @Get("/live/events")
    @Produces(MediaType.TEXT_EVENT_STREAM)
    HttpResponse<Publisher<Event<String>>> events(HttpRequest<?> request) {
        Set<Changes.Kind> kinds = kinds(request.getParameters().get("kinds"));
        String position = request.getHeaders()
                .findFirst(LAST_EVENT_ID)
                .or(() -> request.getParameters().getFirst("after"))
                .orElse(changes.start());
        Publisher<Event<String>> events = new LiveEvents(changes, jobs, streamJobs, kinds, position).during(LIFE);
        return HttpResponse.<Publisher<Event<String>>>ok(Streams.onConnection(
                        request, readers.admit(Callers.of(request).id(), events)))
                .header("Cache-Control", "no-store")
                // Proxies of the nginx kind would hold events back.
                .header("X-Accel-Buffering", "no");
    }

    private static Set<Changes.Kind> kinds(@Nullable String text) {
        if (text == null) {
            return EnumSet.allOf(Changes.Kind.class);
        }
        Set<Changes.Kind> kinds = EnumSet.noneOf(Changes.Kind.class);
        for (String name : text.split(",", -1)) {
            Changes.Kind kind = KINDS.get(name);
            if (kind == null) {
                throw new ProblemException(Problem.argumentInvalid("Give kinds of " + KINDS.keySet() + "."));
            }
            kinds.add(kind);
        }
        return kinds;
    }
}
