package io.muster.api.surface.iothub;

import io.muster.api.json.JsonBody;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.document.IdentityId;
import io.muster.records.CreateDevice;
import io.muster.records.DeleteDevice;
import io.muster.records.DeviceDeleted;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceView;
import io.muster.records.ReplaceTwin;
import io.muster.records.TwinPatch;
import io.muster.records.UpdateDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Holds one device of a bulk operation. Contract: iot-hub, 1.3.
 *
 * @param changes to be carried out one after the other, the next only if the one before was not refused
 */
public record BulkEntry(String deviceId, List<Change<?>> changes) {
    private static final String ANY = "*";

    /** Changes a device. @param command a command of {@code DeviceCommand} @param outcome the type that the command has */
    public record Change<T>(Object command, Class<T> outcome) {
        static Change<DeviceView> of(CreateDevice create) {
            return new Change<>(create, DeviceView.class);
        }

        static Change<DeviceView> of(UpdateDevice update) {
            return new Change<>(update, DeviceView.class);
        }

        static Change<DeviceView> of(ReplaceTwin replace) {
            return new Change<>(replace, DeviceView.class);
        }

        static Change<DeviceDeleted> of(DeleteDevice delete) {
            return new Change<>(delete, DeviceDeleted.class);
        }
    }

    public BulkEntry {
        changes = List.copyOf(changes);
    }

    /** Returns the device that an entry names, even where the rest of the entry is invalid. */
    public static String idOf(JsonBody entry) {
        String deviceId = entry.text("id")
                .or(() -> entry.text("deviceId"))
                .orElseThrow(() -> new ProblemException(Problem.argumentNull("id is missing: name the device.")));
        return Devices.id(deviceId, entry.text("moduleId").orElse(null)).text();
    }

    /**
     * Reads an entry.
     *
     * @param withKeys gives keys to a new device that brings none
     * @throws ProblemException when it makes no sense
     */
    public static BulkEntry of(JsonBody entry, UnaryOperator<DeviceSettings> withKeys) {
        String deviceId = idOf(entry);
        String mode = entry.text("importMode").orElse("create").toLowerCase(Locale.ROOT);
        DeviceSettings settings = Devices.settings(IdentityId.of(deviceId), entry);
        String etag = entry.text("etag").or(() -> entry.text("eTag")).orElse(ANY);
        Optional<TwinPatch> twin = given(Devices.sections(entry, ANY));
        Optional<TwinPatch> matchingTwin =
                given(Devices.sections(entry, entry.text("twinETag").orElse(ANY)));
        List<Change<?>> changes = new ArrayList<>();
        switch (mode) {
            case "create" -> {
                TwinPatch first = Devices.patch(entry, ANY);
                changes.add(Change.of(new CreateDevice(withKeys.apply(settings), first.getTags(), first.getDesired())));
            }
            case "update" -> {
                changes.add(Change.of(new UpdateDevice(ANY, settings)));
                twin.ifPresent(sections -> changes.add(Change.of(new ReplaceTwin(sections))));
            }
            case "updateifmatchetag" -> {
                changes.add(Change.of(new UpdateDevice(etag, settings)));
                matchingTwin.ifPresent(sections -> changes.add(Change.of(new ReplaceTwin(sections))));
            }
            case "delete" -> changes.add(Change.of(new DeleteDevice(ANY)));
            case "deleteifmatchetag" -> changes.add(Change.of(new DeleteDevice(etag)));
            case "updatetwin" -> changes.add(Change.of(new ReplaceTwin(twin.orElseThrow(BulkEntry::noTwin))));
            case "updatetwinifmatchetag" ->
                changes.add(Change.of(new ReplaceTwin(matchingTwin.orElseThrow(BulkEntry::noTwin))));
            default ->
                throw new ProblemException(Problem.argumentInvalid(
                        "importMode is create, update, updateIfMatchETag, delete, deleteIfMatchETag, updateTwin or"
                                + " updateTwinIfMatchETag, not " + mode + "."));
        }
        return new BulkEntry(deviceId, changes);
    }

    private static ProblemException noTwin() {
        return new ProblemException(Problem.argumentNull("The twin is missing: give tags or properties.desired."));
    }

    private static Optional<TwinPatch> given(TwinPatch twin) {
        return twin.getTags() == null && twin.getDesired() == null ? Optional.empty() : Optional.of(twin);
    }
}
