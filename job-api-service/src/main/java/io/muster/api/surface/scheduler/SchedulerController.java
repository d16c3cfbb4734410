package io.muster.api.surface.scheduler;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.muster.api.access.Caller;
import io.muster.api.access.Gate;
import io.muster.api.http.Answers;
import io.muster.api.http.Callers;
import io.muster.api.http.Time;
import io.muster.api.http.Workers;
import io.muster.api.job.CollectionView;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Requests;
import io.muster.api.job.ScheduleView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.MergePatch;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.api.surface.Surfaces;
import io.muster.records.FireSchedule;
import io.muster.records.RunSiteJob;
import io.muster.records.SaveCollection;
import io.muster.records.SaveSchedule;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCollection;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScheduleRun;
import io.muster.records.SuspendSchedule;
import io.muster.records.WriteMessage;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Serves collections and jobs as resources of Azure's resource manager. Contract: webjobs-and-schedules, 2.9. */
@Controller(Scheduler.MOUNT)
@Consumes(MediaType.ALL)
final class SchedulerController {
    private static final int MOST = 1000;
    private static final int PAGE = 100;
    /** Bounds the age of runs in a history. Contract: webjobs-and-schedules, 2.9. */
    private static final Duration HISTORY = Duration.ofDays(60);

    private final Requests requests;
    private final ScheduleView schedules;
    private final CollectionView collections;
    private final SchedulerReach reach;
    private final Workers workers;
    private final Time time;

    SchedulerController(
            Requests requests,
            ScheduleView schedules,
            CollectionView collections,
            SchedulerReach reach,
            Workers workers,
            Time time) {
        this.requests = requests;
        this.reach = reach;
        this.schedules = schedules;
        this.collections = collections;
        this.workers = workers;
        this.time = time;
    }

    private static SchedulerPath path(HttpRequest<?> request) {
        return SchedulerPath.of(Surfaces.unmounted(request.getPath()));
    }

    private static ProblemException nowhere(HttpRequest<?> request) {
        return SchedulerPath.nowhere(Surfaces.unmounted(request.getPath()));
    }

    @Get("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> get(HttpRequest<?> request) {
        return workers.get(() -> read(request));
    }

    private HttpResponse<String> read(HttpRequest<?> request) {
        SchedulerPath path = path(request);
        if (path.collection() == null) {
            return list(request, path);
        }
        ScheduleCollection collection = collection(path);
        if (!path.jobs()) {
            if (path.action() != null) {
                throw nowhere(request);
            }
            return Answers.ok(SchedulerJobs.collection(collection, path.collectionId(), path.collection()));
        }
        if (path.job() == null) {
            return jobs(request, path);
        }
        Schedule schedule = schedule(path);
        if (path.action() == null) {
            return Answers.ok(SchedulerJobs.job(schedule, path, path.job()));
        }
        if (!path.action().equals("history")) {
            throw nowhere(request);
        }
        return history(request, path, schedule);
    }

    private HttpResponse<String> history(HttpRequest<?> request, SchedulerPath path, Schedule schedule) {
        Optional<String> wanted = filter(request, "status", Set.of("completed", "failed", "postponed"));
        Instant oldest = time.now().minus(HISTORY);
        List<ScheduleRun> runs = schedule.getRecent().stream()
                .filter(run -> !run.getAt().isBefore(oldest))
                .filter(run -> wanted.isEmpty() || SchedulerJobs.status(run).equalsIgnoreCase(wanted.get()))
                .toList();
        return page(request, runs, run -> SchedulerJobs.run(run, path));
    }

    /** Answers the part of a list that {@code $top} and {@code $skip} name, with the address of the next one. */
    private static <T> HttpResponse<String> page(HttpRequest<?> request, List<T> all, Function<T, ObjectNode> written) {
        int skip = number(request, "$skip", 0, Integer.MAX_VALUE);
        int top = number(request, "$top", PAGE, MOST);
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ArrayNode value = body.putArray("value");
        all.stream().skip(skip).limit(top).map(written).forEach(value::add);
        if (top > 0 && all.size() - top > skip) {
            @Nullable String filter = request.getParameters().get("$filter");
            body.put(
                    "nextLink",
                    (request.isSecure() ? "https://" : "http://") + host(request)
                            + Surfaces.unmounted(request.getPath()) + "?api-version="
                            + request.getParameters().get("api-version") + "&$top=" + top + "&$skip=" + (skip + top)
                            + (filter == null
                                    ? ""
                                    : "&$filter="
                                            + URLEncoder.encode(filter, StandardCharsets.UTF_8)
                                                    .replace("+", "%20")));
        }
        return Answers.ok(body);
    }

    private HttpResponse<String> list(HttpRequest<?> request, SchedulerPath path) {
        List<ScheduleCollection> all =
                all(after -> collections.page(path.prefix(), after, MOST), ScheduleCollection::getCollectionId);
        return page(request, all, collection -> {
            String id = collection.getCollectionId();
            return SchedulerJobs.collection(collection, id, id.substring(id.lastIndexOf('/') + 1));
        });
    }

    private HttpResponse<String> jobs(HttpRequest<?> request, SchedulerPath path) {
        Optional<String> wanted = filter(request, "state", Set.of("enabled", "disabled", "completed", "faulted"));
        List<Schedule> jobs = all(path).stream()
                .filter(schedule ->
                        wanted.isEmpty() || schedule.getStatus().name().equalsIgnoreCase(wanted.get()))
                .toList();
        return page(request, jobs, schedule -> {
            String id = schedule.getScheduleId();
            return SchedulerJobs.job(schedule, path, id.substring(id.lastIndexOf('/') + 1));
        });
    }

    private List<Schedule> all(SchedulerPath path) {
        String prefix = SchedulerPath.key(path.collectionId()) + "/jobs/";
        return all(after -> schedules.page(prefix, after, MOST), Schedule::getScheduleId);
    }

    private static <T> List<T> all(Function<@Nullable String, List<T>> pageAfter, Function<T, String> id) {
        List<T> all = new ArrayList<>();
        List<T> page = pageAfter.apply(null);
        while (!page.isEmpty()) {
            all.addAll(page);
            page = pageAfter.apply(id.apply(page.getLast()));
        }
        return all;
    }

    /** Returns the word that a filter such as {@code state eq 'enabled'} asks for, in lower case; empty where there is none. */
    private static Optional<String> filter(HttpRequest<?> request, String member, Set<String> words) {
        @Nullable String filter = request.getParameters().get("$filter");
        if (filter == null) {
            return Optional.empty();
        }
        String text = filter.toLowerCase(Locale.ROOT).replaceAll("\\s+", " ").strip();
        return Optional.of(words.stream()
                .filter(word -> text.equals(member + " eq '" + word + "'"))
                .findFirst()
                .orElseThrow(() -> SchedulerJobs.bad("$filter is " + member + " eq '…', with one of "
                        + words.stream().sorted().toList() + ".")));
    }

    private static int number(HttpRequest<?> request, String name, int usual, int most) {
        @Nullable String text = request.getParameters().get(name);
        if (text == null) {
            return usual;
        }
        if (!text.matches("\\d{1,9}") || Integer.parseInt(text) > most) {
            throw SchedulerJobs.bad(name + " is a number up to " + most + ".");
        }
        return Integer.parseInt(text);
    }

    private ScheduleCollection collection(SchedulerPath path) {
        return collections
                .get(SchedulerPath.key(path.collectionId()))
                .orElseThrow(() -> notFound("There is no job collection at " + path.collectionId() + "."));
    }

    private Schedule schedule(SchedulerPath path) {
        return schedules
                .get(SchedulerPath.key(path.jobId()))
                .orElseThrow(() -> notFound("There is no job at " + path.jobId() + "."));
    }

    private static ProblemException notFound(String message) {
        return new ProblemException(new Problem(404, "ResourceNotFound", message));
    }

    private static String host(HttpRequest<?> request) {
        return Optional.ofNullable(request.getHeaders().get("Host")).orElse("");
    }

    @Put("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> put(HttpRequest<?> request, @Body byte[] body) {
        return workers.run(() -> {
            SchedulerPath path = path(request);
            ObjectNode document = JsonBody.object(body);
            if (path.collection() == null || path.action() != null || (path.jobs() && path.job() == null)) {
                throw nowhere(request);
            }
            return path.jobs() ? putJob(request, path, document) : putCollection(request, path, document);
        });
    }

    private CompletionStage<HttpResponse<String>> putJob(
            HttpRequest<?> request, SchedulerPath path, ObjectNode document) {
        ScheduleCollection collection = collection(path);
        String key = SchedulerPath.key(path.jobId());
        Optional<Schedule> known = schedules.get(key);
        known.ifPresent(before -> checkRunning(Callers.of(request), before));
        HttpStatus status = known.isPresent() ? HttpStatus.OK : HttpStatus.CREATED;
        SaveSchedule save = SchedulerJobs.of(document, host(request), reach, collection.getEnabled(), time.now());
        return saved(Callers.of(request), path, save)
                .thenApply(saved -> Answers.ok(SchedulerJobs.job(saved, path, String.valueOf(path.job())))
                        .status(status));
    }

    /** Saves a job whose topics are there, and whose writer may do what it does. */
    private CompletionStage<Schedule> saved(Caller writer, SchedulerPath path, SaveSchedule save) {
        CompletionStage<Boolean> there = CompletableFuture.completedFuture(true);
        for (Object action : Arrays.asList(
                save.getDefinition().getAction(), save.getDefinition().getErrorAction())) {
            if (action instanceof RunSiteJob) {
                check(writer, "A job runs a WebJob under the rights of its writer: Jobs or Compute.");
            }
            if (action instanceof WriteMessage message) {
                there = there.thenCompose(_ -> requests.hasTopic(message.getTopic()))
                        .thenApply(has -> {
                            if (!has) {
                                throw SchedulerJobs.bad("There is no topic " + message.getTopic() + ": create it.");
                            }
                            return true;
                        });
            }
        }
        SaveSchedule written = new SaveSchedule(ScheduleDefinition.newBuilder(save.getDefinition())
                .setWriter(writer.id())
                .build());
        return there.thenCompose(_ -> requests.schedule(SchedulerPath.key(path.jobId()), written))
                .thenCompose(saved -> asItsCollection(path, saved));
    }

    /** Has a job go by its collection, where that was enabled or disabled while the job was saved. */
    private CompletionStage<Schedule> asItsCollection(SchedulerPath path, Schedule saved) {
        boolean suspended = saved.getDefinition().getSuspended();
        return collections
                .get(SchedulerPath.key(path.collectionId()))
                .filter(collection -> collection.getEnabled() == suspended)
                .map(_ -> requests.schedule(saved.getScheduleId(), new SuspendSchedule(!suspended)))
                .orElseGet(() -> CompletableFuture.completedFuture(saved));
    }

    /** Refuses a caller that may not run jobs. Contract: addresses, "Who may" and "Rulings". */
    private static void check(Caller caller, String takes) {
        Gate.disallows(caller, Scheduler.RUNS).ifPresent(why -> {
            throw new ProblemException(new Problem(403, "AuthorizationFailed", why + " " + takes));
        });
    }

    /** Refuses a caller that may not run jobs where a job that it changes or deletes runs a WebJob: that would run no more. */
    private static void checkRunning(Caller caller, Schedule known) {
        ScheduleDefinition definition = known.getDefinition();
        if (definition.getAction() instanceof RunSiteJob || definition.getErrorAction() instanceof RunSiteJob) {
            check(caller, "To change or delete a job that runs a WebJob takes Jobs or Compute.");
        }
    }

    private CompletionStage<HttpResponse<String>> putCollection(
            HttpRequest<?> request, SchedulerPath path, ObjectNode document) {
        boolean enabled = SchedulerJobs.enables(document);
        Optional<ScheduleCollection> known = collections.get(SchedulerPath.key(path.collectionId()));
        return save(request, path, document, enabled, switches(known, enabled))
                .thenApply(answer -> known.isPresent()
                        ? answer
                        : ((io.micronaut.http.MutableHttpResponse<String>) answer).status(HttpStatus.CREATED));
    }

    private static boolean switches(Optional<ScheduleCollection> known, boolean enabled) {
        return known.filter(collection -> collection.getEnabled() != enabled).isPresent();
    }

    /** Saves a collection. @param switches whether its jobs are enabled or disabled with it: this runs them, or stops them */
    private CompletionStage<HttpResponse<String>> save(
            HttpRequest<?> request, SchedulerPath path, ObjectNode document, boolean enabled, boolean switches) {
        if (switches) {
            check(
                    Callers.of(request),
                    "A collection is enabled and disabled with its jobs: this takes Jobs or Compute.");
        }
        return requests.collection(
                        SchedulerPath.key(path.collectionId()), new SaveCollection(enabled, document.toString()))
                .thenCompose(saved -> (switches
                                ? suspend(path, !enabled)
                                : CompletableFuture.<@Nullable Void>completedFuture(null))
                        .thenApply(_ -> Answers.ok(SchedulerJobs.collection(
                                saved, path.collectionId(), String.valueOf(path.collection())))));
    }

    /** Suspends the jobs of a collection, or has them go by what they say themselves. Others may change and delete them meanwhile. */
    private CompletableFuture<@Nullable Void> suspend(SchedulerPath path, boolean suspended) {
        CompletableFuture<@Nullable Void> done = CompletableFuture.completedFuture(null);
        for (Schedule schedule : all(path)) {
            done = done.thenCompose(_ -> requests.schedule(schedule.getScheduleId(), new SuspendSchedule(suspended)))
                    .<@Nullable Void>handle((_, error) -> {
                        if (error != null && !RefusedException.isMissing(error)) {
                            throw error instanceof CompletionException known ? known : new CompletionException(error);
                        }
                        return null;
                    });
        }
        return done;
    }

    @Patch("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> patch(HttpRequest<?> request, @Body byte[] body) {
        return workers.run(() -> {
            SchedulerPath path = path(request);
            ObjectNode change = JsonBody.object(body);
            if (path.collection() == null || path.action() != null || (path.jobs() && path.job() == null)) {
                throw nowhere(request);
            }
            ScheduleCollection collection = collection(path);
            if (path.jobs()) {
                Schedule known = schedule(path);
                checkRunning(Callers.of(request), known);
                ObjectNode before = SchedulerJobs.source(known);
                ObjectNode merged = SchedulerSecrets.restored(
                        SchedulerJobs.startedAsBefore(known, before, MergePatch.merged(before, change)),
                        known.getDefinition());
                SaveSchedule save = SchedulerJobs.of(merged, host(request), reach, collection.getEnabled(), time.now());
                return saved(Callers.of(request), path, save)
                        .thenApply(saved -> Answers.ok(SchedulerJobs.job(saved, path, String.valueOf(path.job()))));
            }
            ObjectNode merged = MergePatch.merged((ObjectNode) JsonBody.stored(collection.getSource()), change);
            boolean enables = SchedulerJobs.enables(merged);
            boolean enabled = change.path("properties").has("state") ? enables : collection.getEnabled();
            return save(request, path, merged, enabled, switches(Optional.of(collection), enabled));
        });
    }

    @Delete("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> delete(HttpRequest<?> request) {
        return workers.run(() -> {
            SchedulerPath path = path(request);
            if (path.collection() == null || path.action() != null || (path.jobs() && path.job() == null)) {
                throw nowhere(request);
            }
            if (path.jobs()) {
                checkRunning(Callers.of(request), schedule(path));
                return requests.deleteSchedule(SchedulerPath.key(path.jobId()), null)
                        .thenApply(_ -> HttpResponse.ok());
            }
            collection(path);
            List<Schedule> jobs = all(path);
            jobs.forEach(job -> checkRunning(Callers.of(request), job));
            CompletableFuture<Void> gone = CompletableFuture.completedFuture(null);
            for (Schedule schedule : jobs) {
                gone = gone.thenCompose(_ -> requests.deleteSchedule(schedule.getScheduleId(), null));
            }
            return gone.thenCompose(_ -> requests.deleteCollection(SchedulerPath.key(path.collectionId())))
                    .thenApply(_ -> HttpResponse.ok());
        });
    }

    @Post("/subscriptions/{+rest}")
    CompletionStage<HttpResponse<String>> post(HttpRequest<?> request) {
        return workers.run(() -> {
            SchedulerPath path = path(request);
            String asked = path.asked().orElseThrow(() -> nowhere(request));
            if (path.job() != null && asked.equals("run")) {
                check(Callers.of(request), "To run a job takes Jobs or Compute.");
                schedule(path);
                return requests.schedule(SchedulerPath.key(path.jobId()), new FireSchedule())
                        .thenApply(_ -> HttpResponse.ok());
            }
            if (path.jobs() || !(asked.equals("enable") || asked.equals("disable"))) {
                throw nowhere(request);
            }
            ScheduleCollection collection = collection(path);
            return save(
                            request,
                            path,
                            (ObjectNode) JsonBody.stored(collection.getSource()),
                            asked.equals("enable"),
                            true)
                    .thenApply(_ -> HttpResponse.ok());
        });
    }
}
