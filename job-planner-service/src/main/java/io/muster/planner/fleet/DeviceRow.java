package io.muster.planner.fleet;

import io.muster.document.Etags;
import io.muster.planner.json.Json;
import io.muster.query.Row;
import io.muster.query.Values;
import io.muster.records.Device;
import io.muster.records.Twin;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A device as conditions see it: the members of the twin document. Sections are parsed when they are asked for. */
public final class DeviceRow implements Row {
    private final Device device;
    private final boolean connected;
    private @Nullable Map<String, Object> tags;
    private @Nullable Map<String, Object> properties;

    public DeviceRow(Device device, boolean connected) {
        this.device = device;
        this.connected = connected;
    }

    @Override
    public Object member(String name) {
        return switch (name) {
            case "deviceId" -> device.getDeviceId();
            case "tags" -> tags();
            case "properties" -> properties();
            case "etag" -> Etags.of(device.getTwin());
            case "deviceEtag" -> Etags.of(device);
            case "version" -> device.getTwin().getVersion();
            case "status" -> device.getSettings().getStatus().name().toLowerCase(Locale.ROOT);
            case "statusReason" -> {
                String reason = device.getSettings().getStatusReason();
                yield reason == null ? Values.NULL : reason;
            }
            case "statusUpdateTime" -> device.getStatusUpdatedAt().toString();
            case "connectionState" -> connected ? "Connected" : "Disconnected";
            case "capabilities" -> Map.of("iotEdge", device.getSettings().getIotEdge());
            case "cloudToDeviceMessageCount" -> 0;
            case "modelId", "deviceScope" -> "";
            default -> Values.UNDEFINED;
        };
    }

    private Map<String, Object> tags() {
        if (tags == null) {
            tags = Json.stored(device.getTwin().getTags());
        }
        return tags;
    }

    private Map<String, Object> properties() {
        if (properties == null) {
            Twin twin = device.getTwin();
            properties = new LinkedHashMap<>();
            properties.put("desired", section(twin.getDesired(), twin.getDesiredMetadata(), twin.getDesiredVersion()));
            properties.put(
                    "reported", section(twin.getReported(), twin.getReportedMetadata(), twin.getReportedVersion()));
        }
        return properties;
    }

    private static Map<String, Object> section(String text, String metadata, long version) {
        Map<String, Object> section = Json.stored(text);
        section.put("$metadata", Json.stored(metadata));
        section.put("$version", version);
        return section;
    }
}
