package io.muster.service;

import io.muster.service.registry.RegistrySettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads the schema registry's part of the settings. */
public final class Registries {
    private Registries() {}

    /** Reads {@code registry.url}, {@code registry.user}, {@code registry.password.file} and {@code registry.ca.file}. */
    public static RegistrySettings from(Settings settings) {
        String url = settings.text("registry.url");
        @Nullable String user = settings.optionalText("registry.user").orElse(null);
        @Nullable
        String password = settings.optionalPath("registry.password.file")
                .map(Registries::firstLine)
                .orElse(null);
        @Nullable Path caFile = settings.optionalPath("registry.ca.file").orElse(null);
        try {
            return new RegistrySettings(URI.create(url), user, password, caFile);
        } catch (IllegalArgumentException e) {
            throw new SettingsException("The schema registry's settings are wrong: " + e.getMessage() + ".");
        }
    }

    private static String firstLine(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new SettingsException("The registry's password file can't be read: " + file + " (" + e + ").");
        }
    }
}
