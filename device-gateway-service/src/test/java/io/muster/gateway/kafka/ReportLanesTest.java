package io.muster.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.MethodReport;
import io.muster.records.MethodUnanswered;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ReportLanesTest {
    private final List<String> sent = new ArrayList<>();
    private final ReportLanes lanes = new ReportLanes((partition, parts) -> sent.add(partition
            + parts.stream().map(part -> " " + part.report().getDeviceId()).collect(Collectors.joining())));

    @Test
    void sendsALoneReportAtOnce() {
        report(0, "a");

        assertThat(lanes.sendIdle(5)).isEqualTo(Long.MAX_VALUE);
        assertThat(sent).containsExactly("0 a");
    }

    @Test
    void sendsReportsOfAllPartitionsTogetherThatComeWithinThePause() {
        report(0, "a");
        lanes.sendIdle(5);
        report(1, "b");

        assertThat(lanes.sendIdle(6)).isEqualTo(ReportLanes.PAUSE - 1);
        report(1, "c");
        report(2, "d");
        assertThat(lanes.sendIdle(4 + ReportLanes.PAUSE)).isEqualTo(1);
        assertThat(sent).hasSize(1);
        lanes.sendIdle(5 + ReportLanes.PAUSE);
        assertThat(sent).containsExactlyInAnyOrder("0 a", "1 b c", "2 d");
    }

    @Test
    void waitsForNoTimeWhereAllThatIsHeldIsUnderWay() {
        report(0, "a");
        lanes.sendIdle(5);
        report(0, "b");

        assertThat(lanes.sendIdle(6 + ReportLanes.PAUSE)).isEqualTo(Long.MAX_VALUE);
        assertThat(sent).containsExactly("0 a");
        lanes.ended(0);
        lanes.sendIdle(7 + ReportLanes.PAUSE);
        assertThat(sent).containsExactly("0 a", "0 b");
    }

    private void report(int partition, String deviceId) {
        lanes.add(new ReportLanes.Part(
                partition, new MethodReport(deviceId, new MethodUnanswered("id")), 1, new CompletableFuture<>()));
    }
}
