package io.muster.planner.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.AuthenticationType;
import io.muster.records.CreateDevice;
import io.muster.records.Credentials;
import io.muster.records.Device;
import io.muster.records.DeviceSettings;
import io.muster.records.DeviceStatus;
import io.muster.records.UpdateDevice;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests updates of identities. Contract: iot-hub, 1.2. */
class IdentitiesTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");
    private static final String KEY = "MDEyMzQ1Njc4OWFiY2RlZg==";
    private static final String OTHER_KEY = "ZmVkY2JhOTg3NjU0MzIxMA==";
    private static final String THUMBPRINT = "A".repeat(40);

    private static DeviceSettings settings(
            AuthenticationType type, @Nullable String key, @Nullable String thumbprint, DeviceStatus status) {
        return DeviceSettings.newBuilder()
                .setCredentials(Credentials.newBuilder()
                        .setType(type)
                        .setPrimaryKey(key)
                        .setSecondaryKey(key)
                        .setPrimaryThumbprint(thumbprint)
                        .setSecondaryThumbprint(thumbprint)
                        .build())
                .setStatus(status)
                .build();
    }

    private static Device device(AuthenticationType type, @Nullable String key, @Nullable String thumbprint) {
        DeviceSettings settings = settings(type, key, thumbprint, DeviceStatus.ENABLED);
        return ((IdentityChange.Changed) Identities.create(null, "d", new CreateDevice(settings, null, null), NOW))
                .device();
    }

    private static DeviceSettings updated(Device device, DeviceSettings wanted) {
        IdentityChange change = Identities.update(device, "d", new UpdateDevice("*", wanted), NOW);
        assertThat(change).isInstanceOf(IdentityChange.Changed.class);
        return ((IdentityChange.Changed) change).device().getSettings();
    }

    /** Disables a device as clients do that name the type sas without keys, or no type. Source: iothub-field, L. */
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "SELF_SIGNED,           -, AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "CERTIFICATE_AUTHORITY, -, -",
                "NONE,                  -, -",
                "SAS,                   MDEyMzQ1Njc4OWFiY2RlZg==, -"
            })
    void keepsCredentialsThatAnUpdateDoesNotName(
            AuthenticationType type, @Nullable String key, @Nullable String thumbprint) {
        Device device = device(type, key, thumbprint);
        DeviceSettings after = updated(device, settings(AuthenticationType.SAS, null, null, DeviceStatus.DISABLED));
        assertThat(after.getStatus()).isEqualTo(DeviceStatus.DISABLED);
        assertThat(after.getCredentials()).isEqualTo(device.getSettings().getCredentials());
    }

    @Test
    void takesCredentialsThatAnUpdateNames() {
        Device device = device(AuthenticationType.SELF_SIGNED, null, THUMBPRINT);
        DeviceSettings after = updated(device, settings(AuthenticationType.SAS, OTHER_KEY, null, DeviceStatus.ENABLED));
        assertThat(after.getCredentials().getType()).isEqualTo(AuthenticationType.SAS);
        assertThat(after.getCredentials().getPrimaryKey()).isEqualTo(OTHER_KEY);
        assertThat(updated(
                                device(AuthenticationType.SAS, KEY, null),
                                settings(AuthenticationType.NONE, null, null, DeviceStatus.ENABLED))
                        .getCredentials()
                        .getType())
                .isEqualTo(AuthenticationType.NONE);
    }
}
