package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.document.Etags;
import io.muster.records.Device;
import io.muster.records.DeviceStatus;
import io.muster.records.DeviceView;
import org.jspecify.annotations.Nullable;

/** Reads and writes devices. What IoT Central alone knows of one stands in its tags {@code central}. */
final class DeviceDocuments {
    /** Names the tag that holds these members. */
    static final String TAG = "central";

    private static final Members MEMBERS = Members.of(
            "id", "etag", "displayName", "template", "simulated", "enabled", "provisioned", "type", Scope.MEMBER);

    private DeviceDocuments() {}

    /** Holds what a document says. @param tags a merge patch of a twin's tags */
    record Change(ObjectNode tags, DeviceStatus status) {}

    /** Reads a whole document: members that it leaves out are cleared, but the organization. @param before the organization of the device that is there; null for none @throws io.muster.api.json.ProblemException (400) where it is none */
    static Change read(Scope scope, ObjectNode document, @Nullable String before) {
        JsonBody body = JsonBody.of(document).rejectOthers(MEMBERS);
        ObjectNode tags = JsonNodeFactory.instance.objectNode();
        tags.putObject(TAG)
                .put(
                        "displayName",
                        body.text("displayName", CentralRequest.LONGEST_NAME).orElse(null))
                .put(
                        "template",
                        body.text("template", CentralRequest.LONGEST_NAME).orElse(null))
                .put("simulated", body.flag("simulated").orElse(false) ? true : null)
                .put("organization", scope.named(body, before));
        return new Change(tags, body.flag("enabled").orElse(true) ? DeviceStatus.ENABLED : DeviceStatus.DISABLED);
    }

    /** Writes a device. */
    static ObjectNode document(DeviceView view) {
        Device device = view.getDevice();
        JsonNode own = tags(device);
        ObjectNode body = JsonNodeFactory.instance
                .objectNode()
                .put("id", device.getDeviceId())
                .put("etag", "\"" + Etags.of(device.getTwin()) + "\"")
                .put("displayName", own.path("displayName").asText(device.getDeviceId()))
                .put("simulated", own.path("simulated").asBoolean())
                .put("provisioned", view.getConnection() != null)
                .put("enabled", device.getSettings().getStatus() == DeviceStatus.ENABLED);
        if (own.path("template").isTextual()) {
            body.set("template", own.path("template"));
        }
        @Nullable String organization = organization(device);
        if (organization != null) {
            body.putArray(Scope.MEMBER).add(organization);
        }
        return body;
    }

    /** Returns the organization of a device; null for none. */
    static @Nullable String organization(Device device) {
        return tags(device).path("organization").textValue();
    }

    private static JsonNode tags(Device device) {
        return JsonBody.stored(device.getTwin().getTags()).path(TAG);
    }
}
