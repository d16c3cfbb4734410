package io.muster.planner.fleet;

import io.muster.document.EdgeScope;
import io.muster.document.Etags;
import io.muster.document.IdentityId;
import io.muster.document.Timestamps;
import io.muster.planner.json.Json;
import io.muster.query.kernel.LazyObject;
import io.muster.query.kernel.Row;
import io.muster.query.kernel.Values;
import io.muster.records.Credentials;
import io.muster.records.Device;
import io.muster.records.DeviceConnection;
import io.muster.records.Twin;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Shows a device to conditions: the members of the twin document, as the API shows it. Sections are parsed when they are asked for.
 * Contract: iot-hub, 5.1.
 */
public final class DeviceRow implements Row {
    private final Device device;
    private final @Nullable DeviceConnection connection;
    private final int queuedMessages;
    private @Nullable Map<String, Object> tags;
    private @Nullable Properties properties;

    /**
     * Shows a device with its connection and how many messages wait for it.
     *
     * @param connection as clients see it: connected only while it can be reached; null where there never was one
     */
    public DeviceRow(Device device, @Nullable DeviceConnection connection, int queuedMessages) {
        this.device = device;
        this.connection = connection;
        this.queuedMessages = queuedMessages;
    }

    @Override
    public Object member(String name) {
        return switch (name) {
            case "deviceId" -> IdentityId.deviceId(device.getDeviceId());
            case "moduleId" -> {
                @Nullable String moduleId = IdentityId.of(device.getDeviceId()).moduleId();
                yield moduleId == null ? Values.UNDEFINED : moduleId;
            }
            case "tags" -> tags();
            case "properties" -> properties();
            case "etag" -> Etags.of(device.getTwin());
            case "deviceEtag" -> Etags.of(device);
            case "version" -> device.getTwin().getVersion();
            case "status" -> device.getSettings().getStatus().name().toLowerCase(Locale.ROOT);
            case "statusReason" -> {
                String reason = device.getSettings().getStatusReason();
                yield reason == null ? Values.UNDEFINED : reason;
            }
            case "statusUpdateTime" -> Timestamps.text(device.getStatusUpdatedAt());
            case "connectionState" -> connection != null && connection.getConnected() ? "Connected" : "Disconnected";
            case "lastActivityTime" ->
                connection == null ? Timestamps.NEVER : Timestamps.text(connection.getChangedAt());
            case "authenticationType" -> authenticationType();
            case "x509Thumbprint" -> thumbprints();
            case "capabilities" -> Map.of("iotEdge", device.getSettings().getIotEdge());
            case "cloudToDeviceMessageCount" -> queuedMessages;
            case "modelId" -> device.getModelId();
            case "deviceScope" -> IdentityId.isModule(device.getDeviceId()) ? "" : EdgeScope.of(device);
            case "parentScopes" -> EdgeScope.parents(device);
            default -> Values.UNDEFINED;
        };
    }

    private String authenticationType() {
        return switch (device.getSettings().getCredentials().getType()) {
            case SAS -> "sas";
            case SELF_SIGNED -> "selfSigned";
            case CERTIFICATE_AUTHORITY -> "certificateAuthority";
            case NONE -> "none";
        };
    }

    private Map<String, @Nullable Object> thumbprints() {
        Credentials credentials = device.getSettings().getCredentials();
        Map<String, @Nullable Object> thumbprints = new LinkedHashMap<>();
        thumbprints.put("primaryThumbprint", credentials.getPrimaryThumbprint());
        thumbprints.put("secondaryThumbprint", credentials.getSecondaryThumbprint());
        return thumbprints;
    }

    private Map<String, Object> tags() {
        if (tags == null) {
            tags = Json.stored(device.getTwin().getTags());
        }
        return tags;
    }

    private LazyObject properties() {
        if (properties == null) {
            Twin twin = device.getTwin();
            properties = new Properties(
                    new Section(twin.getDesired(), twin.getDesiredMetadata(), twin.getDesiredVersion()),
                    new Section(twin.getReported(), twin.getReportedMetadata(), twin.getReportedVersion()));
        }
        return properties;
    }

    private record Properties(Section desired, Section reported) implements LazyObject {
        @Override
        public Object member(String name) {
            return switch (name) {
                case "desired" -> desired;
                case "reported" -> reported;
                default -> Values.UNDEFINED;
            };
        }

        @Override
        public Map<String, Object> whole() {
            return Map.of("desired", desired.whole(), "reported", reported.whole());
        }
    }

    private static final class Section implements LazyObject {
        private final String text;
        private final String metadata;
        private final long version;
        private @Nullable Map<String, Object> members;

        private Section(String text, String metadata, long version) {
            this.text = text;
            this.metadata = metadata;
            this.version = version;
        }

        @Override
        public Object member(String name) {
            return switch (name) {
                case "$metadata" -> Json.stored(metadata);
                case "$version" -> version;
                default -> {
                    // A section holds no null: that deletes the member.
                    @Nullable Object member = members().get(name);
                    yield member == null ? Values.UNDEFINED : member;
                }
            };
        }

        @Override
        public Map<String, Object> whole() {
            Map<String, Object> whole = new LinkedHashMap<>(members());
            whole.put("$metadata", Json.stored(metadata));
            whole.put("$version", version);
            return whole;
        }

        private Map<String, Object> members() {
            if (members == null) {
                members = Json.stored(text);
            }
            return members;
        }
    }
}
