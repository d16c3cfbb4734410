package io.muster.planner.lane;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.EnterLane;
import io.muster.records.Lane;
import io.muster.records.LaneEvent;
import io.muster.service.decider.Decision;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaneDeciderTest {
    private static final int MOST = 2;
    private @Nullable Lane lane;

    private void take(LaneInput input) {
        if (LaneDecider.decide("l", lane, input, MOST, Instant.EPOCH)
                instanceof Decision.Happened<LaneEvent>(LaneEvent event)) {
            lane = LaneDecider.evolve(lane, event);
        }
    }

    private static List<String> ids(List<EnterLane> entries) {
        return entries.stream().map(EnterLane::getJobId).toList();
    }

    /** Lists who enters (+) and leaves (-), each time followed by an admission → who runs | who waits. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        +a                   | [a]    | []
        +a +b                | [a, b] | []
        +a +b +c +d          | [a, b] | [c, d]
        +a +b +c +d -a       | [b, c] | [d]
        +a +b +c +d -c       | [a, b] | [d]
        +a +b +c -a +a       | [b, c] | [a]
        +a +b +c +a          | [b, c] | [a]
        +a +b -x             | [a, b] | []
        +a +b +c -a -b -c -a | -      | -
        """)
    void letsAsManyRunAsMayInTheOrderInWhichTheyCame(String steps, @Nullable String running, @Nullable String waiting) {
        for (String step : steps.split(" ")) {
            String jobId = step.substring(1);
            take(step.startsWith("+") ? new LaneInput.Enter(new EnterLane(jobId, 1L, 1L)) : new LaneInput.Leave(jobId));
            take(new LaneInput.Admit());
        }
        assertThat(lane == null ? null : ids(lane.getRunning()).toString()).isEqualTo(running);
        assertThat(lane == null ? null : ids(lane.getWaiting()).toString()).isEqualTo(waiting);
    }

    @Test
    void hasALineWithAnEnd() {
        List<EnterLane> line = IntStream.range(0, LaneDecider.MOST_WAITING)
                .mapToObj(i -> new EnterLane("j" + i, 1L, 1L))
                .toList();
        lane = new Lane("l", List.of(new EnterLane("a", 1L, 1L), new EnterLane("b", 1L, 1L)), line);
        take(new LaneInput.Enter(new EnterLane("x", 1L, 1L)));
        assertThat(ids(lane.getWaiting())).hasSize(LaneDecider.MOST_WAITING).doesNotContain("x");
        // One that is in line already may go to its end.
        take(new LaneInput.Enter(new EnterLane("j0", 1L, 2L)));
        assertThat(lane.getWaiting().getLast()).isEqualTo(new EnterLane("j0", 1L, 2L));
        take(new LaneInput.Leave("j1"));
        take(new LaneInput.Enter(new EnterLane("x", 1L, 1L)));
        assertThat(ids(lane.getWaiting())).hasSize(LaneDecider.MOST_WAITING).endsWith("x");
    }
}
