package io.muster.api.surface.console;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.JobView;
import io.muster.api.job.StreamJobView;
import io.muster.query.stream.Ticks;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceMethod;
import io.muster.records.Job;
import io.muster.records.JobStatistics;
import io.muster.records.StreamJob;
import java.util.Locale;

/** Writes jobs and stream jobs as the page and live events show them. */
final class LiveRows {
    private LiveRows() {}

    static ObjectNode of(JobView.Entry entry) {
        Job job = entry.job();
        ObjectNode row = JsonNodeFactory.instance.objectNode();
        row.put("jobId", job.getDefinition().getJobId());
        row.put("type", job.getDefinition().getOperation() instanceof DeviceMethod ? "method" : "twin");
        row.put("status", job.getStatus().name().toLowerCase(Locale.ROOT));
        JobView.waitsFor(job).ifPresent(message -> row.put("statusMessage", message));
        if (job.getFailureReason() != null) {
            row.put("failureReason", job.getFailureReason());
        }
        if (entry.statistics() != null) {
            row.set("deviceJobStatistics", counts(entry.statistics()));
        }
        return row;
    }

    static ObjectNode counts(JobStatistics statistics) {
        DeviceJobCounts counts = statistics.getCounts();
        return JsonNodeFactory.instance
                .objectNode()
                .put("deviceCount", counts.getDeviceCount())
                .put("failedCount", counts.getFailed())
                .put("succeededCount", counts.getSucceeded())
                .put("runningCount", counts.getRunning())
                .put("pendingCount", counts.getQueued())
                .put("cancelledCount", counts.getCancelled());
    }

    static ObjectNode of(StreamJobView.Entry entry) {
        StreamJob job = entry.job();
        ObjectNode row = JsonNodeFactory.instance.objectNode();
        row.put("streamJobId", job.getStreamJobId());
        row.put("status", job.getStatus().name().toLowerCase(Locale.ROOT));
        if (job.getFailureReason() != null) {
            row.put("failureReason", job.getFailureReason());
        }
        entry.lastOutput()
                .ifPresent(ticks ->
                        row.put("lastOutputEventTime", Ticks.instant(ticks).toString()));
        ObjectNode counts = row.putObject("counts");
        entry.counts().forEach(counts::put);
        return row;
    }
}
