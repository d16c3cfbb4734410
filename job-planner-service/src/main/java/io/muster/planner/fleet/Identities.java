package io.muster.planner.fleet;

import io.muster.document.EdgeScope;
import io.muster.document.Etags;
import io.muster.document.IdentityId;
import io.muster.planner.request.Fault;
import io.muster.records.AuthenticationType;
import io.muster.records.CreateDevice;
import io.muster.records.Credentials;
import io.muster.records.DeleteDevice;
import io.muster.records.Device;
import io.muster.records.DeviceSettings;
import io.muster.records.UpdateDevice;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Decides on changes of device identities. Contract: iot-hub, 1.2. */
public final class Identities {
    /** Limits the modules of a device. */
    public static final int MODULES_PER_DEVICE = 50;

    private static final Pattern THUMBPRINT = Pattern.compile("[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}");
    private static final int SHORTEST_KEY = 16;
    private static final int LONGEST_KEY = 64;
    private static final int LONGEST_TEXT = 128;

    private Identities() {}

    /**
     * Decides on the creation of an identity: its id is well-formed and free, and its settings are valid; or it is refused.
     *
     * @param present the device or module that has the id already; null for none
     * @param deviceId of the device, or of the module
     */
    public static IdentityChange create(@Nullable Device present, String deviceId, CreateDevice command, Instant now) {
        IdentityId id = IdentityId.of(deviceId);
        if (!id.isWellFormed()) {
            return new IdentityChange.Refused(
                    Refusals.invalid("The id of a device or module has 1 to 128 letters, digits"
                            + " or characters of -:.+%_#*?!(),=@;$' and no others."));
        }
        if (present != null) {
            return new IdentityChange.Refused(Refusals.alreadyExists(deviceId));
        }
        DeviceSettings settings = command.getSettings();
        Optional<String> fault = fault(settings);
        if (fault.isPresent()) {
            return new IdentityChange.Refused(Refusals.invalid(fault.get()));
        }
        Optional<Fault> unfit =
                switch (TwinEdit.parse(TwinEdit.Mode.REPLACE, null, command.getTags(), command.getDesired())) {
                    case TwinEdit.Parsed.Invalid invalid -> Optional.of(invalid.fault());
                    case TwinEdit.Parsed.Valid valid -> valid.edit().tooLargeForNew();
                };
        if (unfit.isPresent()) {
            return new IdentityChange.Refused(Refusals.of(unfit.get()));
        }
        return new IdentityChange.Changed(Device.newBuilder()
                .setDeviceId(deviceId)
                .setGenerationId(Long.toString(now.toEpochMilli()))
                .setSettings(settings)
                .setCreatedAt(now)
                .setStatusUpdatedAt(now)
                .setTwin(TwinEdit.born(command.getTags(), command.getDesired(), now))
                .build());
    }

    public static IdentityChange update(@Nullable Device device, String deviceId, UpdateDevice command, Instant now) {
        if (device == null) {
            return new IdentityChange.Refused(Refusals.notFound(deviceId));
        }
        if (!Etags.matches(command.getIfMatch(), Etags.of(device))) {
            return new IdentityChange.Refused(Refusals.etagDiffers());
        }
        DeviceSettings wanted = command.getSettings();
        Credentials merged =
                keepingKeys(wanted.getCredentials(), device.getSettings().getCredentials());
        DeviceSettings settings =
                DeviceSettings.newBuilder(wanted).setCredentials(merged).build();
        Optional<String> fault = fault(settings);
        if (fault.isPresent()) {
            return new IdentityChange.Refused(Refusals.invalid(fault.get()));
        }
        boolean sameStatus = wanted.getStatus() == device.getSettings().getStatus();
        return new IdentityChange.Changed(Device.newBuilder(device)
                .setRevision(device.getRevision() + 1)
                .setSettings(settings)
                .setStatusUpdatedAt(sameStatus ? device.getStatusUpdatedAt() : now)
                .build());
    }

    public static IdentityChange delete(@Nullable Device device, String deviceId, DeleteDevice command) {
        if (device == null) {
            return new IdentityChange.Refused(Refusals.notFound(deviceId));
        }
        if (!Etags.matches(command.getIfMatch(), Etags.of(device))) {
            return new IdentityChange.Refused(Refusals.etagDiffers());
        }
        return new IdentityChange.Deleted(device);
    }

    /**
     * Returns the credentials behind an update, in which absent ones are kept. Clients that change something else name the type sas without keys, or no type, which is read
     * as that: a device of another type keeps all that it has. Contract: iot-hub, 1.2; issue 21.
     */
    private static Credentials keepingKeys(Credentials wanted, Credentials present) {
        boolean namesNone = wanted.getType() == AuthenticationType.SAS
                && wanted.getPrimaryKey() == null
                && wanted.getSecondaryKey() == null;
        if (namesNone && present.getType() != AuthenticationType.SAS) {
            return present;
        }
        return Credentials.newBuilder(wanted)
                .setPrimaryKey(wanted.getPrimaryKey() == null ? present.getPrimaryKey() : wanted.getPrimaryKey())
                .setSecondaryKey(
                        wanted.getSecondaryKey() == null ? present.getSecondaryKey() : wanted.getSecondaryKey())
                .build();
    }

    private static Optional<String> fault(DeviceSettings settings) {
        return fault("statusReason", settings.getStatusReason())
                .or(() -> fault("managedBy", settings.getManagedBy()))
                .or(() -> scopeFault(settings.getParentScope()))
                .or(() -> fault(settings.getCredentials()));
    }

    private static Optional<String> fault(String name, @Nullable String text) {
        return text == null || text.length() <= LONGEST_TEXT
                ? Optional.empty()
                : Optional.of(name + " has up to " + LONGEST_TEXT + " characters, and not " + text.length() + ".");
    }

    private static Optional<String> scopeFault(@Nullable String scope) {
        return scope == null || EdgeScope.deviceId(scope).isPresent()
                ? Optional.empty()
                : Optional.of("A parent's scope is the deviceScope of an edge device.");
    }

    private static Optional<String> fault(Credentials credentials) {
        return switch (credentials.getType()) {
            case SAS ->
                isKey(credentials.getPrimaryKey()) && isKey(credentials.getSecondaryKey())
                        ? Optional.empty()
                        : Optional.of("A device of type sas has two keys, each the base64 of " + SHORTEST_KEY + " to "
                                + LONGEST_KEY + " bytes.");
            case SELF_SIGNED ->
                isThumbprint(credentials.getPrimaryThumbprint()) && isThumbprint(credentials.getSecondaryThumbprint())
                        ? Optional.empty()
                        : Optional.of("A thumbprint is 40 (SHA-1) or 64 (SHA-256) hexadecimal digits.");
            case CERTIFICATE_AUTHORITY, NONE -> Optional.empty();
        };
    }

    private static boolean isKey(@Nullable String key) {
        if (key == null) {
            return false;
        }
        try {
            int length = Base64.getDecoder().decode(key).length;
            return length >= SHORTEST_KEY && length <= LONGEST_KEY;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isThumbprint(@Nullable String thumbprint) {
        return thumbprint == null || THUMBPRINT.matcher(thumbprint).matches();
    }

    /** Returns whether the device may connect and be reached. One without credentials of its own may by a policy's. Contract: iot-hub, 1.1. */
    public static boolean isEnabled(Device device) {
        return device.getSettings().getStatus() == io.muster.records.DeviceStatus.ENABLED;
    }
}
