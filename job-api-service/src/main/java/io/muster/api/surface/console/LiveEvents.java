package io.muster.api.surface.console;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.sse.Event;
import io.muster.api.job.Changes;
import io.muster.api.job.JobView;
import io.muster.api.job.StreamJobView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Streams what changes to one reader, as server-sent events: {@code job}, {@code statistics}, {@code streamJob}, {@code jobRemoved}, {@code
 * streamJobRemoved}; {@code reset} where the reader must forget what it knew; {@code heartbeat} where nothing changed for a while. A reader takes
 * them at its own rate and is shown the latest of each subject: nothing is kept for it.
 */
final class LiveEvents {
    private static final Duration BETWEEN = Duration.ofMillis(250);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final int AT_ONCE = 200;
    private static final int POLLS_OF_A_HEARTBEAT = 40;

    private final Changes changes;
    private final JobView jobs;
    private final StreamJobView streamJobs;
    private final Set<Changes.Kind> kinds;
    private String position;
    private boolean begun;
    private int quiet;

    /** Makes one. @param position behind which it begins; one that is unknown makes the reader forget what it knew */
    LiveEvents(Changes changes, JobView jobs, StreamJobView streamJobs, Set<Changes.Kind> kinds, String position) {
        this.changes = changes;
        this.jobs = jobs;
        this.streamJobs = streamJobs;
        this.kinds = kinds;
        this.position = position;
    }

    /** Returns the events, for as long as the credentials that were shown are trusted. @param life ends them; a client comes again */
    Publisher<Event<String>> during(Duration life) {
        return Flux.defer(() -> Flux.fromIterable(next()))
                .repeatWhen(ends -> ends.concatMap(
                        count -> count < AT_ONCE ? Mono.delay(BETWEEN).thenReturn(count) : Mono.just(count), 1))
                .take(life);
    }

    /** Returns the next events, which may be none. Calls come one behind another. */
    List<Event<String>> next() {
        Changes.Page page = changes.after(position, subject -> kinds.contains(subject.kind()), AT_ONCE);
        List<Event<String>> events = new ArrayList<>();
        if (!page.complete()) {
            events.add(event("reset", JsonNodeFactory.instance.objectNode(), changes.start()));
        }
        for (Changes.Change change : page.changes()) {
            event(change).ifPresent(events::add);
        }
        position = page.last();
        quiet = events.isEmpty() ? quiet + 1 : 0;
        if (!begun || quiet == POLLS_OF_A_HEARTBEAT) {
            events.add(event("heartbeat", JsonNodeFactory.instance.objectNode(), position));
            begun = true;
            quiet = 0;
        }
        return events;
    }

    private Optional<Event<String>> event(Changes.Change change) {
        String id = change.subject().id();
        return switch (change.subject().kind()) {
            case JOB ->
                Optional.of(jobs.get(id)
                        .map(entry -> event("job", LiveRows.of(entry), change.position()))
                        .orElseGet(() -> event("jobRemoved", named("jobId", id), change.position())));
            case STATISTICS ->
                jobs.get(id)
                        .flatMap(entry -> Optional.ofNullable(entry.statistics()))
                        .map(statistics -> event(
                                "statistics",
                                named("jobId", id).set("deviceJobStatistics", LiveRows.counts(statistics)),
                                change.position()));
            case STREAM_JOB ->
                Optional.of(streamJobs
                        .get(id)
                        .map(entry -> event("streamJob", LiveRows.of(entry), change.position()))
                        .orElseGet(() -> event("streamJobRemoved", named("streamJobId", id), change.position())));
        };
    }

    private static ObjectNode named(String member, String id) {
        return JsonNodeFactory.instance.objectNode().put(member, id);
    }

    private static Event<String> event(String name, ObjectNode data, String position) {
        return Event.of(data.toString()).name(name).id(position).retry(RETRY);
    }
}
