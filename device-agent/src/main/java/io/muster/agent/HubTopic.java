package io.muster.agent;

import org.jspecify.annotations.Nullable;

/** What a message from the hub is, by its topic. Contract: iot-hub, 4.5 to 4.7. */
sealed interface HubTopic {
    String TWIN_ANSWERS = "$iothub/twin/res/#";
    String DESIRED_CHANGES = "$iothub/twin/PATCH/properties/desired/#";
    String METHODS = "$iothub/methods/POST/#";

    /** A direct method. The rid is echoed to the character. */
    record Method(String name, String rid) implements HubTopic {}

    record DesiredChange(long version) implements HubTopic {}

    /** Of a get (200), a patch of reported properties (204), or the failure of either. */
    record TwinAnswer(int status, String rid) implements HubTopic {}

    /** Anything else; a device ignores it. */
    record Other() implements HubTopic {}

    static HubTopic parse(String topic) {
        int query = topic.indexOf("/?");
        String path = query < 0 ? topic : topic.substring(0, query);
        if (path.startsWith(prefix(METHODS))) {
            String name = path.substring(prefix(METHODS).length());
            String rid = parameter(topic, query, "$rid");
            return rid == null || name.isEmpty() || name.indexOf('/') >= 0 ? new Other() : new Method(name, rid);
        }
        if (path.equals("$iothub/twin/PATCH/properties/desired")) {
            String version = parameter(topic, query, "$version");
            return isNumber(version) ? new DesiredChange(Long.parseLong(version)) : new Other();
        }
        if (path.startsWith(prefix(TWIN_ANSWERS))) {
            String status = path.substring(prefix(TWIN_ANSWERS).length());
            String rid = parameter(topic, query, "$rid");
            return rid != null && status.matches("[1-5][0-9]{2}")
                    ? new TwinAnswer(Integer.parseInt(status), rid)
                    : new Other();
        }
        return new Other();
    }

    static String methodAnswer(int status, String rid) {
        return "$iothub/methods/res/" + status + "/?$rid=" + rid;
    }

    static String twinGet(String rid) {
        return "$iothub/twin/GET/?$rid=" + rid;
    }

    static String reportedPatch(String rid) {
        return "$iothub/twin/PATCH/properties/reported/?$rid=" + rid;
    }

    /** JSON in UTF-8, and says so. */
    static String telemetry(String deviceId) {
        return "devices/" + deviceId + "/messages/events/%24.ct=application%2Fjson&%24.ce=utf-8";
    }

    private static String prefix(String filter) {
        return filter.substring(0, filter.length() - 1);
    }

    private static boolean isNumber(@Nullable String text) {
        return text != null && text.matches("[0-9]{1,18}");
    }

    private static @Nullable String parameter(String topic, int query, String name) {
        if (query >= 0) {
            for (String pair : topic.substring(query + 2).split("&", -1)) {
                if (pair.startsWith(name) && pair.length() > name.length() + 1 && pair.charAt(name.length()) == '=') {
                    return pair.substring(name.length() + 1);
                }
            }
        }
        return null;
    }
}
