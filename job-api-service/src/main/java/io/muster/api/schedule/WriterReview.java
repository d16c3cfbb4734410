package io.muster.api.schedule;

import io.muster.access.Right;
import io.muster.access.SharedAccessPolicies;
import io.muster.access.SharedAccessPolicy;
import io.muster.api.job.Requests;
import io.muster.api.job.ScheduleView;
import io.muster.api.json.JsonBody;
import io.muster.records.CreateBatchJob;
import io.muster.records.CreateFleetJob;
import io.muster.records.RunSiteJob;
import io.muster.records.Schedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.TwinPatch;
import io.muster.records.WithholdSchedule;
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
 * Has the actions of schedules withheld whose writers may no longer do what they do, and carried out again once they may: when the policies change, and once a minute. Only the
 * API knows policies, so it tells the planner. The role of a person stands in tokens alone, and is not asked again. Contract: addresses, "Rulings".
 */
public final class WriterReview implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WriterReview.class);
    private static final String OF_POLICY = "policy/";
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
    private final ScheduleView schedules;
    private final Requests requests;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("writer-review").factory());

    private final Semaphore places = new Semaphore(MOST_UNDER_WAY);
    private volatile boolean failed;
    private @Nullable SharedAccessPolicies reviewed;
    private int seconds;

    /** Makes one that does nothing yet. */
    public WriterReview(Supplier<SharedAccessPolicies> policies, ScheduleView schedules, Requests requests) {
        this.policies = policies;
        this.schedules = schedules;
        this.requests = requests;
    }

    /** Starts it. @param ready whether all schedules are known */
    public void start(BooleanSupplier ready) {
        timer.scheduleWithFixedDelay(() -> tick(ready), 1, 1, TimeUnit.SECONDS);
    }

    private void tick(BooleanSupplier ready) {
        try {
            SharedAccessPolicies now = policies.get();
            seconds++;
            if (ready.getAsBoolean() && (now != reviewed || seconds >= SECONDS)) {
                review();
                reviewed = now;
                seconds = 0;
            }
        } catch (RuntimeException e) {
            LOG.error("The writers of schedules can't be reviewed: it is tried again in a second", e);
        }
    }

    /** Compares all schedules with the policies of now, and tells the planner where it is otherwise than it knows, until that fails: the rest is told a minute later. */
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
        if (writer == null || !writer.startsWith(OF_POLICY)) {
            return;
        }
        @Nullable
        String reason = refusal(schedule.getDefinition(), writer.substring(OF_POLICY.length()), now)
                .orElse(null);
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
