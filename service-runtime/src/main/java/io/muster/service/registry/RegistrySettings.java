package io.muster.service.registry;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Names the registry's address and the credentials for it.
 *
 * @param url the root of the Confluent API, for example {@code http://localhost:8081} or {@code …/apis/ccompat/v7}
 * @param user for basic authentication, with the password; null for none
 * @param caFile PEM certificates to trust for https; null for the JDK's own
 */
public record RegistrySettings(
        URI url,
        @Nullable String user,
        @Nullable String password,
        @Nullable Path caFile) {
    public RegistrySettings {
        String scheme = url.getScheme();
        if (!"http".equals(scheme) && !"https".equals(scheme)) {
            throw new IllegalArgumentException("the registry's address starts with http:// or https://, url=" + url);
        }
        if ((user == null) != (password == null)) {
            throw new IllegalArgumentException("the registry's user and password go together, user=" + user);
        }
    }

    @Override
    public String toString() {
        return "RegistrySettings[url=" + url + ", user=" + user + ", caFile=" + caFile + "]";
    }
}
