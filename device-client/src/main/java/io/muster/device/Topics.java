package io.muster.device;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Names the topics of a device, and reads those that it is sent. Contracts: iot-hub, 4.3 to 4.7; of tasks docs/nodes.md. */
final class Topics {
    static final String TWIN_GET = "$iothub/twin/GET/?$rid=";
    static final String REPORTED = "$iothub/twin/PATCH/properties/reported/?$rid=";
    private static final String METHODS = "$iothub/methods/POST/";
    private static final String DESIRED = "$iothub/twin/PATCH/properties/desired/";
    private static final String TWIN_ANSWERS = "$iothub/twin/res/";
    private static final String TASK_ORDERS = "$muster/tasks/orders/";
    private static final String TASK_REPORTS = "$muster/tasks/reports/";
    private static final String TASK_OUTPUT = "$muster/tasks/output/";
    private static final String RID = "$rid=";
    private static final String VERSION = "$version=";

    private Topics() {}

    /** Names what a hub sends. */
    sealed interface Incoming {
        record Method(String name, String id) implements Incoming {}

        record DesiredChange() implements Incoming {}

        /** Answers a read of the twin or a patch of its reported properties. @param version of the reported properties, after a patch */
        record TwinAnswer(int status, String rid, long version) implements Incoming {}

        record Message(String bag) implements Incoming {}

        record Orders(String poolId) implements Incoming {}

        /** Is no topic that this device subscribed to, or is one that is cut short. */
        record Unknown() implements Incoming {}
    }

    static List<String> filters(String deviceId, Set<DeviceProgram.Subscription> wanted) {
        List<String> filters = new ArrayList<>(List.of(TWIN_ANSWERS + "#"));
        for (DeviceProgram.Subscription subscription : wanted) {
            filters.add(
                    switch (subscription) {
                        case METHODS -> METHODS + "#";
                        case DESIRED_CHANGES -> DESIRED + "#";
                        case MESSAGES -> messages(deviceId) + "#";
                        case TASK_ORDERS -> TASK_ORDERS + "#";
                    });
        }
        return filters;
    }

    private static String messages(String deviceId) {
        return "devices/" + deviceId + "/messages/devicebound/";
    }

    static String events(String deviceId) {
        return "devices/" + deviceId.replace("/", "/modules/") + "/messages/events/";
    }

    static String taskReports(String poolId) {
        return TASK_REPORTS + poolId;
    }

    static String taskOutput(TaskOutput output) {
        Map<String, String> members = new LinkedHashMap<>();
        members.put("taskId", output.taskId());
        members.put("placement", Long.toString(output.placement()));
        members.put("stream", output.stream().wireName());
        members.put("offset", Long.toString(output.offset()));
        return TASK_OUTPUT + output.poolId() + "/?" + PropertyBag.text(members);
    }

    static String answer(int status, String id) {
        return "$iothub/methods/res/" + status + "/?" + RID + id;
    }

    static Incoming parse(String deviceId, String topic) {
        if (topic.startsWith(METHODS)) {
            int end = topic.indexOf("/?", METHODS.length());
            @Nullable String id = end < 0 ? null : member(topic.substring(end + 2), RID);
            return id == null
                    ? new Incoming.Unknown()
                    : new Incoming.Method(topic.substring(METHODS.length(), end), id);
        }
        if (topic.startsWith(TWIN_ANSWERS)) {
            return twinAnswer(topic);
        }
        if (topic.startsWith(DESIRED)) {
            return new Incoming.DesiredChange();
        }
        if (topic.startsWith(TASK_ORDERS)) {
            return new Incoming.Orders(topic.substring(TASK_ORDERS.length()));
        }
        String messages = messages(deviceId);
        return topic.startsWith(messages)
                ? new Incoming.Message(topic.substring(messages.length()))
                : new Incoming.Unknown();
    }

    private static Incoming twinAnswer(String topic) {
        int end = topic.indexOf("/?", TWIN_ANSWERS.length());
        if (end < 0) {
            return new Incoming.Unknown();
        }
        String query = topic.substring(end + 2);
        @Nullable String rid = member(query, RID);
        @Nullable String version = member(query, VERSION);
        try {
            return rid == null
                    ? new Incoming.Unknown()
                    : new Incoming.TwinAnswer(
                            Integer.parseInt(topic.substring(TWIN_ANSWERS.length(), end)),
                            rid,
                            version == null ? 0 : Long.parseLong(version));
        } catch (NumberFormatException e) {
            return new Incoming.Unknown();
        }
    }

    private static @Nullable String member(String query, String name) {
        for (String member : query.split("&")) {
            if (member.startsWith(name)) {
                return member.substring(name.length());
            }
        }
        return null;
    }
}
