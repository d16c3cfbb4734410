package io.muster.gateway.channel.twin;

import io.muster.records.DesiredChanged;
import io.muster.records.TwinAnswer;
import java.time.Instant;

/** Writes the bodies that devices get. Contract: iot-hub, 4.5 and 4.6. */
final class TwinBodies {
    private static final int BAD_REQUEST = 400;

    private TwinBodies() {}

    static String desired(DesiredChanged change) {
        return withVersion(change.getPatch(), change.getVersion());
    }

    static String twin(TwinAnswer answer) {
        return "{\"desired\":" + withVersion(answer.getDesired(), answer.getDesiredVersion()) + ",\"reported\":"
                + withVersion(answer.getReported(), answer.getReportedVersion()) + "}";
    }

    static String failure(int status, String trackingId, String message, Instant now) {
        int errorCode = status * 1000 + (status == BAD_REQUEST ? 4 : 1);
        return "{\"errorCode\":" + errorCode + ",\"trackingId\":\"" + trackingId + "\",\"message\":\"" + escape(message)
                + "\",\"timestampUtc\":\"" + now + "\"}";
    }

    /** Adds a member to a JSON object of the fleet. */
    private static String withVersion(String object, long version) {
        String open = object.substring(0, object.lastIndexOf('}')).stripTrailing();
        return open + (open.endsWith("{") ? "" : ",") + "\"$version\":" + version + "}";
    }

    private static String escape(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(' ');
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
