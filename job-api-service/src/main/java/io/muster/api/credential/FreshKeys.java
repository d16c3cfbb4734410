package io.muster.api.credential;

import io.muster.access.KeyPair;
import io.muster.records.AuthenticationType;
import io.muster.records.Credentials;
import io.muster.records.DeviceSettings;
import java.security.SecureRandom;

/** Makes keys for new devices that bring none. They are drawn here, once, and written into the command. Thread-safe. */
public final class FreshKeys {
    private final SecureRandom random = new SecureRandom();

    /** Returns settings with keys of their own, where they are to have keys and bring none. */
    public DeviceSettings addedTo(DeviceSettings settings) {
        Credentials given = settings.getCredentials();
        if (given.getType() != AuthenticationType.SAS) {
            return settings;
        }
        KeyPair fresh = KeyPair.generate(random);
        return DeviceSettings.newBuilder(settings)
                .setCredentials(Credentials.newBuilder(given)
                        .setPrimaryKey(given.getPrimaryKey() == null ? fresh.primary() : given.getPrimaryKey())
                        .setSecondaryKey(given.getSecondaryKey() == null ? fresh.secondary() : given.getSecondaryKey())
                        .build())
                .build();
    }
}
