package io.muster.planner.lane;

import io.muster.records.EnterLane;
import io.muster.records.Lane;
import io.muster.records.LaneAdmitted;
import io.muster.records.LaneEntered;
import io.muster.records.LaneEvent;
import io.muster.records.LaneLeft;
import io.muster.records.LaneRefused;
import io.muster.service.decider.Decision;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Decides which jobs of a lane run: as many as may, in the order in which they came. A job that enters again goes to the end of the line, which has an end too. */
public final class LaneDecider {
    /** Bounds the jobs that wait: a lane is one record. */
    public static final int MOST_WAITING = 1000;

    private LaneDecider() {}

    /** Decides what comes of an input. @param lane null where it is empty @param most how many jobs run at once */
    public static Decision<LaneEvent> decide(String id, @Nullable Lane lane, LaneInput input, int most, Instant now) {
        return switch (input) {
            case LaneInput.Enter(EnterLane entry) ->
                happened(id, now, isFull(lane, entry) ? new LaneRefused(entry) : new LaneEntered(entry));
            case LaneInput.Leave(String jobId) ->
                isIn(lane, jobId) ? happened(id, now, new LaneLeft(jobId)) : new Decision.Nothing<>();
            case LaneInput.Admit _ ->
                lane != null
                                && lane.getRunning().size() < most
                                && !lane.getWaiting().isEmpty()
                        ? happened(
                                id,
                                now,
                                new LaneAdmitted(lane.getWaiting().getFirst().getJobId()))
                        : new Decision.Nothing<>();
        };
    }

    private static boolean isFull(@Nullable Lane lane, EnterLane entry) {
        return lane != null && without(lane.getWaiting(), entry.getJobId()).size() >= MOST_WAITING;
    }

    private static boolean isIn(@Nullable Lane lane, String jobId) {
        return lane != null
                && Stream.concat(lane.getRunning().stream(), lane.getWaiting().stream())
                        .anyMatch(entry -> entry.getJobId().equals(jobId));
    }

    /** Returns the lane after the event; null where it is empty. */
    public static @Nullable Lane evolve(@Nullable Lane lane, LaneEvent event) {
        List<EnterLane> running = lane == null ? List.of() : lane.getRunning();
        List<EnterLane> waiting = lane == null ? List.of() : lane.getWaiting();
        Lane next = switch (event.getEvent()) {
            case LaneEntered entered ->
                new Lane(
                        event.getLane(),
                        without(running, entered.getEntry().getJobId()),
                        with(without(waiting, entered.getEntry().getJobId()), entered.getEntry()));
            case LaneAdmitted admitted ->
                new Lane(
                        event.getLane(),
                        with(running, entry(waiting, admitted.getJobId())),
                        without(waiting, admitted.getJobId()));
            // An entry of before, which its job has left without a word, is out of date too.
            case LaneRefused refused ->
                new Lane(
                        event.getLane(),
                        without(running, refused.getEntry().getJobId()),
                        without(waiting, refused.getEntry().getJobId()));
            case LaneLeft left ->
                new Lane(event.getLane(), without(running, left.getJobId()), without(waiting, left.getJobId()));
            case Object unknown -> throw new IllegalStateException("not an event, class=" + unknown.getClass());
        };
        return next.getRunning().isEmpty() && next.getWaiting().isEmpty() ? null : next;
    }

    /** Returns the entry of a job. @throws java.util.NoSuchElementException where it has none */
    public static EnterLane entry(List<EnterLane> entries, String jobId) {
        return entries.stream()
                .filter(entry -> entry.getJobId().equals(jobId))
                .findFirst()
                .orElseThrow();
    }

    private static List<EnterLane> without(List<EnterLane> entries, String jobId) {
        return entries.stream().filter(entry -> !entry.getJobId().equals(jobId)).toList();
    }

    private static List<EnterLane> with(List<EnterLane> entries, EnterLane more) {
        List<EnterLane> all = new ArrayList<>(entries);
        all.add(more);
        return all;
    }

    private static Decision<LaneEvent> happened(String lane, Instant now, Object event) {
        return new Decision.Happened<>(new LaneEvent(lane, now, event));
    }
}
