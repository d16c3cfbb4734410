package io.muster.api.surface.central;

import io.micronaut.http.HttpResponse;
import io.muster.api.http.Continuations;
import io.muster.api.job.JobView;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Lists jobs of this surface: those that run first, then the newest first. Contract: iot-central, 1.3. */
final class JobLists {
    private static final Duration SHOWN = Duration.ofDays(30);

    private JobLists() {}

    /** Stands for a job in the order of the list. */
    private record Place(boolean runs, Instant createdAt, String id) {
        private static final Comparator<Place> ORDER = Comparator.comparing((Place place) -> !place.runs())
                .thenComparing(Comparator.comparing(Place::createdAt).reversed())
                .thenComparing(Place::id);

        private static final Pattern FORM = Pattern.compile("(true|false) (-?\\d{1,18}) ([A-Za-z0-9_-]{1,280})");

        static Place of(JobView.Entry entry) {
            return new Place(
                    JobDocuments.state(entry) == JobDocuments.State.RUNNING,
                    entry.job().getCreatedAt(),
                    entry.job().getDefinition().getJobId());
        }

        static Place parse(String text) {
            Matcher form = FORM.matcher(text);
            if (!form.matches()) {
                throw Continuations.foreign();
            }
            return new Place(
                    Boolean.parseBoolean(form.group(1)),
                    Instant.ofEpochMilli(Long.parseLong(form.group(2))),
                    form.group(3));
        }

        String text() {
            return runs + " " + createdAt.toEpochMilli() + " " + id;
        }
    }

    /** Holds a job and its place, which are seen at one instant. */
    private record Placed(Place place, JobView.Entry entry) {}

    /** Returns whether a job is one of this surface that the caller sees. */
    static boolean sees(CentralRequest request, Job job) {
        JobDefinition definition = job.getDefinition();
        return JobDocuments.isOurs(definition) && request.scope().sees(JobDocuments.organization(definition));
    }

    private static long length(Placed placed) {
        JobPolicy policy = placed.entry().job().getDefinition().getPolicy();
        return policy == null || policy.getSource() == null
                ? 0
                : policy.getSource().length();
    }

    /** Answers a page of the jobs of the last 30 days that are wanted. */
    static HttpResponse<String> page(CentralRequest request, JobView jobs, Instant now, Predicate<Job> wanted) {
        @Nullable String token = request.after();
        @Nullable Place after = token == null ? null : Place.parse(token);
        int limit = request.limit();
        Instant oldest = now.minus(SHOWN);
        List<Placed> found =
                jobs
                        .select(job -> job.getCreatedAt().isAfter(oldest) && wanted.test(job) && sees(request, job))
                        .stream()
                        .map(entry -> new Placed(Place.of(entry), entry))
                        .filter(placed -> after == null || Place.ORDER.compare(placed.place(), after) > 0)
                        .sorted(Comparator.comparing(Placed::place, Place.ORDER))
                        .limit(limit + 1L)
                        .toList();
        List<Placed> shown = found.subList(0, CentralRequest.fitting(found, limit, JobLists::length));
        return request.page(
                shown.stream()
                        .map(placed -> JobDocuments.document(
                                placed.entry(),
                                JobDocuments.source(placed.entry().job()).orElseThrow()))
                        .toList(),
                found.size() > shown.size()
                        ? Optional.of(shown.getLast().place().text())
                        : Optional.empty());
    }
}
