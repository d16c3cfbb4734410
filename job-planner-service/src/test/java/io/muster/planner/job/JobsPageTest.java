package io.muster.planner.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.AbortRule;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceMethod;
import io.muster.records.ExecutionWindow;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobEvent;
import io.muster.records.JobPolicy;
import io.muster.records.JobStatistics;
import io.muster.records.Rollout;
import io.muster.service.decider.Decision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Compares the states of a job in docs/jobs.md with those of the decider, which is asked everything in every state that can be reached. Written anew
 * with {@code -Djobs.record=true}.
 */
class JobsPageTest {
    private static final Path PAGE = Path.of("../docs/jobs.md");
    private static final String BEGIN = "<!-- drawn by JobsPageTest -->\n";
    private static final String END = "<!-- end of drawing -->\n";
    private static final Instant TWO = Instant.parse("2026-11-21T02:00:00Z");
    private static final Instant OUTSIDE = Instant.parse("2026-11-21T03:30:00Z");

    private record Transition(String from, String input, String event, String to) implements Comparable<Transition> {
        @Override
        public int compareTo(Transition other) {
            return row().compareTo(other.row());
        }

        private String row() {
            return "| %s | %s | `%s` | %s |%n".formatted(from, input, event, to);
        }
    }

    /** Selects devices of a job that waits for a place in a lane. */
    private static final String IN_LANE = "tags.lane = 1";

    private static JobInput create(String condition, @Nullable Instant start) {
        JobPolicy policy = JobPolicy.newBuilder()
                .setLane(condition.equals(IN_LANE) ? "lane" : null)
                .setRollout(new Rollout(60, null))
                .setAbort(new AbortRule(50, 1L))
                .setWindows(List.of(new ExecutionWindow(120, 180, List.of(), "UTC")))
                .build();
        DeviceMethod method = new DeviceMethod("reboot", "null", 30, 0);
        return new JobInput.Create(new JobDefinition("j", method, condition, start, 600, policy), 7, false, null);
    }

    private static JobStatistics statistics(long queued, long succeeded, long failed) {
        long count = queued + succeeded + failed;
        return new JobStatistics(
                "j", new DeviceJobCounts(count, queued, 0L, succeeded, failed, 0L), 1, 1, TWO, 7L, List.of(count));
    }

    private static List<JobInput> intents() {
        return List.of(
                create("*", null),
                create("*", TWO.plusSeconds(60)),
                create("SELECT", null),
                new JobInput.Cancel(),
                new JobInput.Pause(),
                new JobInput.Resume(),
                create(IN_LANE, null),
                new JobInput.Admit(7, 1),
                new JobInput.Deny(7, 1),
                new JobInput.Fail(7, "The group is gone."),
                new JobInput.Queue(),
                new JobInput.Start(),
                new JobInput.TimeOut(),
                new JobInput.Tally(statistics(0, 5, 0)),
                new JobInput.Pace(statistics(5, 0, 0)),
                new JobInput.Pace(statistics(3, 0, 2)),
                new JobInput.Forget());
    }

    private static Set<Transition> transitions() {
        Set<Transition> transitions = new TreeSet<>();
        Set<List<Object>> seen = new HashSet<>();
        Deque<Job> left = new ArrayDeque<>();
        @Nullable Job job = null;
        do {
            for (Instant now : List.of(TWO, TWO.plusSeconds(60), OUTSIDE, TWO.plus(Duration.ofDays(31)))) {
                for (JobInput input : intents()) {
                    if (JobDecider.decide(job, input, now) instanceof Decision.Happened<JobEvent> happened) {
                        Object event = happened.event().getEvent();
                        @Nullable Job after = JobDecider.evolve(job, happened.event());
                        transitions.add(new Transition(
                                name(job),
                                input.getClass().getSimpleName(),
                                event.getClass().getSimpleName(),
                                name(after)));
                        if (after != null
                                && seen.add(List.of(
                                        after.getStatus(),
                                        after.getPaused(),
                                        after.getAdmitted(),
                                        after.getOutsideWindow(),
                                        after.getTimedOut(),
                                        after.getGrants().isEmpty(),
                                        after.getDefinition().getQueryCondition()))) {
                            left.add(after);
                        }
                    }
                }
            }
            job = left.poll();
        } while (job != null);
        return transitions;
    }

    private static String name(@Nullable Job job) {
        return job == null ? "none" : job.getStatus().name().toLowerCase(java.util.Locale.ROOT);
    }

    private static String drawing() {
        Set<Transition> transitions = transitions();
        StringBuilder drawing = new StringBuilder("```mermaid\nstateDiagram-v2\n");
        transitions.stream()
                .map(transition ->
                        "  %s --> %s: %s%n".formatted(node(transition.from), node(transition.to), transition.event))
                .distinct()
                .forEach(drawing::append);
        drawing.append("```\n\n| state | asked to | event | state then |\n|---|---|---|---|\n");
        transitions.forEach(transition -> drawing.append(transition.row()));
        return drawing.toString();
    }

    private static String node(String state) {
        return state.equals("none") ? "[*]" : state;
    }

    @Test
    void drawsThePageFromTheDecider() throws IOException {
        String page = Files.readString(PAGE);
        String before = page.substring(0, page.indexOf(BEGIN) + BEGIN.length());
        String after = page.substring(page.indexOf(END));
        if (Boolean.getBoolean("jobs.record")) {
            Files.writeString(PAGE, before + drawing() + after);
        }
        assertThat(Files.readString(PAGE)).isEqualTo(before + drawing() + after);
    }
}
