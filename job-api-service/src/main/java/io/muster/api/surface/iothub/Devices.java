package io.muster.api.surface.iothub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.EdgeScope;
import io.muster.document.Etags;
import io.muster.document.IdentityId;
import io.muster.document.Timestamps;
import io.muster.records.AuthenticationType;
import io.muster.records.Credentials;
import io.muster.records.Device;
import io.muster.records.DeviceConnection;
import io.muster.records.DeviceMethod;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceStatus;
import io.muster.records.DeviceView;
import io.muster.records.MethodResult;
import io.muster.records.Twin;
import io.muster.records.TwinPatch;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads and writes identities, twins and direct methods. Contract: iot-hub, 1.2, 1.5, 1.6 and 5.1. */
public final class Devices {
    private static final Map<String, AuthenticationType> TYPES = Map.of(
            "sas", AuthenticationType.SAS,
            "selfsigned", AuthenticationType.SELF_SIGNED,
            "certificateauthority", AuthenticationType.CERTIFICATE_AUTHORITY,
            "none", AuthenticationType.NONE);
    private static final int DEFAULT_RESPONSE_SECONDS = 30;
    private static final Members OF_PROPERTIES = Members.of("desired", "reported");
    /** Lists the members of a twin as clients read them, and as their models write them back: those that are read-only are ignored. */
    private static final Members OF_TWIN = Members.of(
            "tags",
            "properties",
            "deviceId",
            "moduleId",
            "managedBy",
            "generationId",
            "etag",
            "deviceEtag",
            "version",
            "status",
            "statusReason",
            "statusUpdateTime",
            "statusUpdatedTime",
            "connectionState",
            "connectionStateUpdatedTime",
            "lastActivityTime",
            "cloudToDeviceMessageCount",
            "authenticationType",
            "x509Thumbprint",
            "modelId",
            "capabilities",
            "configurations",
            "deviceScope",
            "parentScopes");

    private Devices() {}

    /**
     * Returns the id of a device or module that a client names.
     *
     * @param moduleId null for the device itself
     * @throws ProblemException when one holds a slash, which stands between the two
     */
    public static IdentityId id(String deviceId, @Nullable String moduleId) {
        IdentityId id = new IdentityId(deviceId, moduleId);
        if (!IdentityId.of(id.text()).equals(id) || (moduleId != null && IdentityId.isModule(moduleId))) {
            throw new ProblemException(Problem.argumentInvalid("Leave slashes out of the id of a device or module."));
        }
        return id;
    }

    /** Returns the settings in an identity's body. Blank keys count as absent. */
    public static DeviceSettings settings(IdentityId id, JsonBody body) {
        sameId(body, "deviceId", id.deviceId());
        if (id.moduleId() != null) {
            sameId(body, "moduleId", id.moduleId());
        }
        Optional<JsonBody> authentication = body.object("authentication");
        Optional<JsonBody> keys = authentication.flatMap(given -> given.object("symmetricKey"));
        Optional<JsonBody> thumbprints = authentication.flatMap(given -> given.object("x509Thumbprint"));
        Credentials credentials = Credentials.newBuilder()
                .setType(authentication
                        .flatMap(given -> given.text("type"))
                        .map(Devices::type)
                        .orElse(AuthenticationType.SAS))
                .setPrimaryKey(textOf(keys, "primaryKey"))
                .setSecondaryKey(textOf(keys, "secondaryKey"))
                .setPrimaryThumbprint(textOf(thumbprints, "primaryThumbprint"))
                .setSecondaryThumbprint(textOf(thumbprints, "secondaryThumbprint"))
                .build();
        boolean isEdge = body.object("capabilities")
                .flatMap(capabilities -> capabilities.flag("iotEdge"))
                .orElse(false);
        return DeviceSettings.newBuilder()
                .setCredentials(credentials)
                .setStatus(body.text("status").map(Devices::status).orElse(DeviceStatus.ENABLED))
                .setStatusReason(body.text("statusReason").orElse(null))
                .setIotEdge(isEdge)
                .setParentScope(Parents.scope(id, body, isEdge))
                .setManagedBy(body.text("managedBy").orElse(null))
                .build();
    }

    private static void sameId(JsonBody body, String name, String wanted) {
        body.text(name).ifPresent(given -> {
            if (!given.equals(wanted)) {
                throw new ProblemException(Problem.argumentInvalid(
                        "The body's " + name + " is " + given + ", the path's is " + wanted + "."));
            }
        });
    }

    private static @Nullable String textOf(Optional<JsonBody> body, String name) {
        return body.flatMap(given -> given.text(name)).orElse(null);
    }

    private static AuthenticationType type(String text) {
        @Nullable AuthenticationType type = TYPES.get(text.toLowerCase(Locale.ROOT));
        if (type == null) {
            throw new ProblemException(Problem.argumentInvalid(
                    "authentication.type is sas, selfSigned, certificateAuthority or none, not " + text + "."));
        }
        return type;
    }

    private static DeviceStatus status(String text) {
        return Arrays.stream(DeviceStatus.values())
                .filter(status -> status.name().equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(() -> new ProblemException(
                        Problem.argumentInvalid("status is enabled or disabled, not " + text + ".")));
    }

    /** Returns the change that a twin's body asks for. A twin that was read may be sent back whole. @throws ProblemException when a member is none of a twin */
    static TwinPatch change(JsonBody body, @Nullable String ifMatch) {
        TwinPatch change = sections(body, ifMatch);
        body.rejectOthers(OF_TWIN);
        return change;
    }

    /** Returns the sections in a twin's body; one that is null is cleared. @param ifMatch null for any */
    public static TwinPatch sections(JsonBody body, @Nullable String ifMatch) {
        return patch(body, ifMatch, JsonBody::objectOrNullText);
    }

    /** Returns the sections in a job's body; one that is null is left alone, as clients send those that were not set. */
    static TwinPatch patch(JsonBody body, @Nullable String ifMatch) {
        return patch(body, ifMatch, JsonBody::objectText);
    }

    private static TwinPatch patch(
            JsonBody body, @Nullable String ifMatch, BiFunction<JsonBody, String, Optional<String>> section) {
        if (body.has("desired")) {
            throw new ProblemException(Problem.argumentInvalid("Put desired properties under properties.desired."));
        }
        return new TwinPatch(
                ifMatch,
                section.apply(body, "tags").orElse(null),
                body.object("properties")
                        .flatMap(properties -> section.apply(properties.rejectOthers(OF_PROPERTIES), "desired"))
                        .orElse(null));
    }

    public static DeviceMethod method(JsonBody body) {
        return new DeviceMethod(
                body.text("methodName")
                        .orElseThrow(() -> new ProblemException(
                                Problem.argumentNull("methodName is missing: name the method to call."))),
                body.member("payload").map(Object::toString).orElse("null"),
                body.number("responseTimeoutInSeconds")
                        .or(() -> body.number("timeoutInSeconds"))
                        .orElse(DEFAULT_RESPONSE_SECONDS),
                body.number("connectTimeoutInSeconds").orElse(0));
    }

    public static ObjectNode result(MethodResult result) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("status", result.getStatus());
        body.set("payload", JsonBody.stored(result.getPayload()));
        return body;
    }

    /**
     * Writes the document of a device or a module.
     *
     * @param withKeys whether the caller may see what the device proves itself with; null stands in the keys' place otherwise
     */
    public static ObjectNode identity(DeviceView view, boolean withKeys) {
        Device device = view.getDevice();
        Credentials credentials = device.getSettings().getCredentials();
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ids(body, device);
        body.put("generationId", device.getGenerationId());
        body.put("etag", Etags.of(device));
        body.put("connectionState", connectionState(view));
        body.put("status", status(device));
        body.put("statusReason", device.getSettings().getStatusReason());
        body.put("connectionStateUpdatedTime", changedAt(view));
        body.put("statusUpdatedTime", Timestamps.text(device.getStatusUpdatedAt()));
        body.put("lastActivityTime", changedAt(view));
        body.put("cloudToDeviceMessageCount", view.getQueuedMessages());
        ObjectNode authentication = body.putObject("authentication");
        authentication
                .putObject("symmetricKey")
                .put("primaryKey", withKeys ? credentials.getPrimaryKey() : null)
                .put("secondaryKey", withKeys ? credentials.getSecondaryKey() : null);
        thumbprints(authentication, credentials);
        authentication.put("type", type(credentials));
        body.putObject("capabilities").put("iotEdge", device.getSettings().getIotEdge());
        scopes(body, device);
        return body;
    }

    public static ObjectNode twin(DeviceView view) {
        Device device = view.getDevice();
        Twin twin = device.getTwin();
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ids(body, device);
        body.put("etag", Etags.of(twin));
        body.put("deviceEtag", Etags.of(device));
        body.put("status", status(device));
        if (device.getSettings().getStatusReason() != null) {
            body.put("statusReason", device.getSettings().getStatusReason());
        }
        body.put("statusUpdateTime", Timestamps.text(device.getStatusUpdatedAt()));
        body.put("connectionState", connectionState(view));
        body.put("lastActivityTime", changedAt(view));
        body.put("cloudToDeviceMessageCount", view.getQueuedMessages());
        body.put("authenticationType", type(device.getSettings().getCredentials()));
        thumbprints(body, device.getSettings().getCredentials());
        body.put("modelId", device.getModelId());
        body.put("version", twin.getVersion());
        body.set("tags", JsonBody.stored(twin.getTags()));
        ObjectNode properties = body.putObject("properties");
        properties.set("desired", section(twin.getDesired(), twin.getDesiredMetadata(), twin.getDesiredVersion()));
        properties.set("reported", section(twin.getReported(), twin.getReportedMetadata(), twin.getReportedVersion()));
        body.putObject("capabilities").put("iotEdge", device.getSettings().getIotEdge());
        scopes(body, device);
        return body;
    }

    private static void scopes(ObjectNode body, Device device) {
        body.put("deviceScope", IdentityId.isModule(device.getDeviceId()) ? "" : EdgeScope.of(device));
        ArrayNode parents = body.putArray("parentScopes");
        EdgeScope.parents(device).forEach(parents::add);
    }

    private static ObjectNode section(String text, String metadata, long version) {
        ObjectNode section = (ObjectNode) JsonBody.stored(text);
        section.set("$metadata", JsonBody.stored(metadata));
        section.put("$version", version);
        return section;
    }

    private static void thumbprints(ObjectNode parent, Credentials credentials) {
        parent.putObject("x509Thumbprint")
                .put("primaryThumbprint", credentials.getPrimaryThumbprint())
                .put("secondaryThumbprint", credentials.getSecondaryThumbprint());
    }

    private static void ids(ObjectNode body, Device device) {
        IdentityId id = IdentityId.of(device.getDeviceId());
        body.put("deviceId", id.deviceId());
        if (id.moduleId() != null) {
            body.put("moduleId", id.moduleId());
            body.put("managedBy", device.getSettings().getManagedBy());
        }
    }

    private static String connectionState(DeviceView view) {
        DeviceConnection connection = view.getConnection();
        return connection != null && connection.getConnected() ? "Connected" : "Disconnected";
    }

    private static String changedAt(DeviceView view) {
        DeviceConnection connection = view.getConnection();
        return connection == null ? Timestamps.NEVER : Timestamps.text(connection.getChangedAt());
    }

    private static String status(Device device) {
        return device.getSettings().getStatus().name().toLowerCase(Locale.ROOT);
    }

    private static String type(Credentials credentials) {
        return switch (credentials.getType()) {
            case SAS -> "sas";
            case SELF_SIGNED -> "selfSigned";
            case CERTIFICATE_AUTHORITY -> "certificateAuthority";
            case NONE -> "none";
        };
    }

    /** Returns the condition of {@code If-Match}, quoted or not; {@code *} matches any etag. Contract: iot-hub, rule 8. */
    public static Optional<String> condition(@Nullable String header) {
        return Optional.ofNullable(header)
                .map(text -> text.strip().replaceAll("^(W/)?\"(.*)\"$", "$2"))
                .filter(text -> !text.isEmpty());
    }

    /** Returns ids as a list in a condition. */
    static String quoted(Iterable<String> deviceIds) {
        return java.util.stream.StreamSupport.stream(deviceIds.spliterator(), false)
                .map(id -> "'" + id.replace("\\", "\\\\").replace("'", "\\'") + "'")
                .collect(Collectors.joining(",", "[", "]"));
    }
}
