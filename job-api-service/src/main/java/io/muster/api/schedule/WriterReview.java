package io.muster.api.schedule;

import io.muster.access.Right;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessPolicy;
import io.muster.api.credential.ApiTokens;
import io.muster.api.job.CatalogView;
import io.muster.api.job.Requests;
import io.muster.api.job.ScheduleView;
import io.muster.api.json.JsonBody;
import io.muster.records.ApiToken;
import io.muster.records.CatalogItem;
import io.muster.records.CreateBatchJob;
import io.muster.records.CreateFleetJob;
import io.muster.records.JobPolicy;
import io.muster.records.RunSiteJob;
import io.muster.records.Schedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.TokenRole;
import io.muster.records.TwinPatch;
import io.muster.records.WithholdSchedule;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the actions of schedules withheld whose writers may no longer do what they do, and carried out again once they may: when the policies or the API tokens change, and once a
 * minute. Only the API knows policies, so it tells the planner. The role of a person stands in tokens alone, and is not asked again. Contract: addresses, "Rulings".
 */
public final class WriterReview implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WriterReview.class);
    private static final String OF_POLICY = "policy/";
    private static final String OF_TOKEN = "token/";
    private static final int PAGE = 1000;
    private static final int SECONDS = 60;
    /** Bounds what the planner is told at once: the places of requests are those of all callers. */
    private static final int MOST_UNDER_WAY = 100;

    /** Lists what it takes to make a job, as IoT Hub's routes say. */
    private static final Set<Right> MAKES_JOBS = EnumSet.of(Right.SERVICE_CONNECT, Right.REGISTRY_WRITE, Right.JOBS);

    /** Lists what it takes to write the tags that make a device a compute node, as IoT Hub's routes say. */
    private static final Set<Right> MAKES_NODES = EnumSet.of(Right.COMPUTE, Right.REGISTRY_WRITE);

    private static final String NODE_TAGS = "compute";

    /** Lists what it takes to run a WebJob. */
    private static final Set<Right> RUNS_WEB_JOBS = EnumSet.of(Right.JOBS, Right.COMPUTE);

    /** Lists what it takes to add a job of Batch. */
    private static final Set<Right> RUNS_CODE = EnumSet.of(Right.COMPUTE);

    private final Supplier<SharedAccessPolicies> policies;
    private final CatalogView catalog;
    private final ScheduleView schedules;
    private final Requests requests;
    private final InstantSource clock;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("writer-review").factory());

    private final Semaphore places = new Semaphore(MOST_UNDER_WAY);
    private volatile boolean failed;
    private @Nullable SharedAccessPolicies reviewed;
    private long reviewedCatalog;
    private int seconds;

    /** Makes one that does nothing yet. @param catalog in which the API tokens are */
    public WriterReview(
            Supplier<SharedAccessPolicies> policies,
            CatalogView catalog,
            ScheduleView schedules,
            Requests requests,
            InstantSource clock) {
        this.policies = policies;
        this.catalog = catalog;
        this.schedules = schedules;
        this.requests = requests;
        this.clock = clock;
    }

    /** Starts it. @param ready whether all schedules are known */
    public void start(BooleanSupplier ready) {
        timer.scheduleWithFixedDelay(() -> tick(ready), 1, 1, TimeUnit.SECONDS);
    }

    private void tick(BooleanSupplier ready) {
        try {
            SharedAccessPolicies now = policies.get();
            long catalogNow = catalog.changes();
            seconds++;
            boolean changed = now != reviewed || catalogNow != reviewedCatalog;
            if (ready.getAsBoolean() && (changed || seconds >= SECONDS)) {
                review();
                reviewed = now;
                reviewedCatalog = catalogNow;
                seconds = 0;
            }
        } catch (RuntimeException e) {
            LOG.error("The writers of schedules can't be reviewed: it is tried again in a second", e);
        }
    }

    /** Compares all schedules with the policies and API tokens of now, and tells the planner where it is otherwise than it knows, until that fails: the rest is told a minute later. */
    public void review() {
        SharedAccessPolicies now = policies.get();
        failed = false;
        List<Schedule> page = schedules.page("", null, PAGE);
        while (!page.isEmpty() && !failed) {
            page.forEach(schedule -> review(schedule, now));
            page = schedules.page("", page.getLast().getScheduleId(), PAGE);
        }
    }

    private void review(Schedule schedule, SharedAccessPolicies now) {
        String writer = schedule.getDefinition().getWriter();
        if (writer == null || !writer.startsWith(OF_POLICY) && !writer.startsWith(OF_TOKEN)) {
            return;
        }
        Optional<String> refusal = writer.startsWith(OF_POLICY)
                ? refusal(schedule.getDefinition(), writer.substring(OF_POLICY.length()), now)
                : refusalOfToken(schedule.getDefinition(), writer.substring(OF_TOKEN.length()));
        @Nullable String reason = refusal.orElse(null);
        if (Objects.equals(reason, schedule.getWithheld()) || failed) {
            return;
        }
        tell(schedule, new WithholdSchedule(writer, reason)).whenComplete((_, error) -> {
            places.release();
            if (error != null) {
                failed = true;
                LOG.warn(
                        "The planner was not told of a schedule's writer, and is within a minute, schedule={} reason={}",
                        schedule.getScheduleId(),
                        error.toString());
            }
        });
    }

    private CompletableFuture<Schedule> tell(Schedule schedule, WithholdSchedule command) {
        places.acquireUninterruptibly();
        try {
            return requests.schedule(schedule.getScheduleId(), command);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static Optional<String> refusal(ScheduleDefinition definition, String policy, SharedAccessPolicies now) {
        Optional<SharedAccessPolicy> known = now.named(policy);
        return needed(definition)
                .filter(rights -> known.filter(found -> rights.stream().anyMatch(found.rights()::contains))
                        .isEmpty())
                .findFirst()
                .map(rights -> "The policy " + policy + ", which wrote the schedule, "
                        + (known.isEmpty() ? "is there no more. It takes one of " : "has no longer one of the rights ")
                        + rights.stream().map(Right::word).sorted().toList() + ".");
    }

    /** Returns why the holder of a token may not do what a schedule does. One that was revoked and made again under its id may have another role or organization. */
    private Optional<String> refusalOfToken(ScheduleDefinition definition, String tokenId) {
        Optional<CatalogItem> item = catalog.get(ApiTokens.LIST + tokenId);
        String subject = "The API token " + tokenId + ", which wrote the schedule, ";
        if (item.isEmpty()) {
            return Optional.of(subject + "was revoked.");
        }
        ApiToken token = (ApiToken) item.get().getContent();
        if (!token.getExpiresAt().isAfter(clock.instant())) {
            return Optional.of(subject + "has expired.");
        }
        if (token.getRole() == TokenRole.READ) {
            return Optional.of(subject + "may only read now.");
        }
        @Nullable String organization = item.get().getOrganization();
        return organization == null || organization.equals(organization(definition))
                ? Optional.empty()
                : Optional.of(subject + "is bound to the organization " + organization + " now.");
    }

    private static @Nullable String organization(ScheduleDefinition definition) {
        @Nullable
        JobPolicy policy = definition.getAction() instanceof CreateFleetJob job
                ? job.getDefinition().getPolicy()
                : null;
        return policy == null ? null : policy.getOrganization();
    }

    /** Returns what each action takes that is carried out inside: any one of the rights. */
    private static Stream<Set<Right>> needed(ScheduleDefinition definition) {
        return Stream.of(Optional.of(definition.getAction()), Optional.ofNullable(definition.getErrorAction()))
                .flatMap(Optional::stream)
                .flatMap(action -> switch (action) {
                    case RunSiteJob _ -> Stream.of(RUNS_WEB_JOBS);
                    case CreateBatchJob _ -> Stream.of(RUNS_CODE);
                    case CreateFleetJob job ->
                        makesNodes(job) ? Stream.of(MAKES_JOBS, MAKES_NODES) : Stream.of(MAKES_JOBS);
                    default -> Stream.of();
                });
    }

    private static boolean makesNodes(CreateFleetJob job) {
        return job.getDefinition().getOperation() instanceof TwinPatch change
                && change.getTags() != null
                && change.getTags().contains('"' + NODE_TAGS + '"')
                && JsonBody.stored(change.getTags()).has(NODE_TAGS);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
