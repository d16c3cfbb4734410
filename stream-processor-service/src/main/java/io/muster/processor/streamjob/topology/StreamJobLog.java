package io.muster.processor.streamjob.topology;

import io.muster.records.StreamJobDegraded;
import io.muster.records.StreamJobEvent;
import io.muster.records.StreamJobFailed;
import io.muster.records.StreamJobPositioned;
import io.muster.records.StreamJobRefused;
import io.muster.records.StreamJobRestarting;
import io.muster.records.StreamJobScaled;
import io.muster.service.LogText;
import io.muster.service.Requester;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs events of stream jobs for operators, a line each. A request id is that of the command's header; events without one come of the tasks.
 */
final class StreamJobLog {
    private static final Logger LOG = LoggerFactory.getLogger(StreamJobLog.class);

    private StreamJobLog() {}

    static void happened(StreamJobEvent event, Requester requester) {
        if (event.getEvent() instanceof StreamJobPositioned) {
            return; // Each task says where it begins.
        }
        LOG.info(
                "{} streamJobId={}{}{}",
                event.getEvent().getClass().getSimpleName(),
                LogText.of(event.getStreamJobId()),
                detail(event.getEvent()),
                requester.requestId() == null ? "" : " requestId=" + LogText.of(requester.requestId()));
    }

    private static String detail(Object event) {
        return switch (event) {
            case StreamJobFailed failed -> reason(failed.getFailureReason());
            case StreamJobRestarting restarting -> reason(restarting.getReason());
            case StreamJobDegraded degraded -> reason(degraded.getReason());
            case StreamJobRefused refused -> " code=" + refused.getReason() + reason(refused.getMessage());
            case StreamJobScaled scaled -> " streamingUnits=" + scaled.getStreamingUnits();
            default -> "";
        };
    }

    private static String reason(String text) {
        return " reason=\"" + LogText.of(text) + "\"";
    }
}
