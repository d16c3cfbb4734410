package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.JobView;
import io.muster.api.json.JsonBody;
import io.muster.document.FailureCodes;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceJobStatus;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes jobs and their devices. Contract: iot-central, 1.4 and 1.5. */
final class JobDocuments {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private JobDocuments() {}

    /** Names the states of a job on the wire. */
    enum State {
        PENDING,
        RUNNING,
        COMPLETE,
        FAILED,
        CANCELLED,
        STOPPED;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Returns the document that a job of this surface keeps; empty for a job of another. */
    static Optional<ObjectNode> source(Job job) {
        JobPolicy policy = job.getDefinition().getPolicy();
        return Optional.ofNullable(policy == null ? null : policy.getSource())
                .map(source -> (ObjectNode) JsonBody.stored(source));
    }

    /** Returns whether a job is one of this surface. */
    static boolean isOurs(JobDefinition definition) {
        return definition.getPolicy() != null && definition.getPolicy().getSource() != null;
    }

    /** Returns the organization of a job; null for none. */
    static @Nullable String organization(JobDefinition definition) {
        JobPolicy policy = definition.getPolicy();
        return policy == null ? null : policy.getOrganization();
    }

    /** Returns the state of a job. One that has ended is running until all that was counted of it is known here. */
    static State state(JobView.Entry entry) {
        Job job = entry.job();
        DeviceJobCounts counts = counts(entry);
        return switch (job.getStatus()) {
            case SCHEDULED, QUEUED -> job.getPaused() ? State.STOPPED : State.PENDING;
            case RUNNING -> {
                boolean begun =
                        job.getAdmitted() && counts.getRunning() + counts.getSucceeded() + counts.getFailed() > 0;
                yield job.getPaused() ? State.STOPPED : begun ? State.RUNNING : State.PENDING;
            }
            case COMPLETED -> {
                boolean isKnown = entry.statistics() != null && counts.getQueued() + counts.getRunning() == 0;
                boolean isGood = counts.getSucceeded() > 0 || counts.getDeviceCount() == 0;
                yield !isKnown ? State.RUNNING : isGood ? State.COMPLETE : State.FAILED;
            }
            case FAILED -> State.FAILED;
            case CANCELLED -> State.CANCELLED;
        };
    }

    private static DeviceJobCounts counts(JobView.Entry entry) {
        return entry.statistics() == null
                ? DeviceJobCounts.newBuilder().build()
                : entry.statistics().getCounts();
    }

    /** Writes a job of this surface. */
    static ObjectNode document(JobView.Entry entry, ObjectNode source) {
        Job job = entry.job();
        String id = job.getDefinition().getJobId();
        ObjectNode body = JsonNodeFactory.instance.objectNode().put("id", id).put("displayName", id);
        body.setAll(source);
        if (job.getStartedAt() != null) {
            body.put("start", TIME.format(job.getStartedAt()));
        }
        if (job.getEndedAt() != null) {
            body.put("end", TIME.format(job.getEndedAt()));
        }
        DeviceJobCounts counts = counts(entry);
        body.putObject("progress")
                .put("total", counts.getDeviceCount())
                .put("pending", counts.getQueued() + counts.getRunning() + counts.getCancelled())
                .put("completed", counts.getSucceeded())
                .put("failed", counts.getFailed());
        body.put("status", state(entry).word());
        if (job.getFailureReason() != null) {
            body.put("statusMessage", job.getFailureReason());
        }
        return body;
    }

    /** Writes a device of a job: beside the public members why it failed, since when it was under way, and whether it is there no more. */
    static ObjectNode document(DeviceJob job, boolean isDeleted) {
        ObjectNode body = JsonNodeFactory.instance
                .objectNode()
                .put("id", job.getDeviceId())
                .put("status", status(job.getStatus()));
        if (job.getFailure() != null) {
            body.putObject("error")
                    .put("code", FailureCodes.of(job.getFailure()))
                    .put("message", job.getFailureDetail())
                    .put("at", time(job.getEndedAt() == null ? job.getUpdatedAt() : job.getEndedAt()));
        }
        if (job.getStartedAt() != null) {
            body.put("start", time(job.getStartedAt()));
        }
        if (job.getEndedAt() != null && job.getStatus() != DeviceJobStatus.CANCELLED) {
            body.put("end", time(job.getEndedAt()));
        }
        if (isDeleted) {
            body.put("deleted", true);
        }
        return body;
    }

    private static String status(DeviceJobStatus status) {
        return switch (status) {
            case COMPLETED -> "completed";
            case FAILED -> "failed";
            // A device that was not begun when its job was stopped or cancelled stays so.
            case QUEUED, RUNNING, CANCELLED -> "pending";
        };
    }

    static String time(Instant instant) {
        return TIME.format(instant);
    }
}
