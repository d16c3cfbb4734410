package io.muster.device;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Carries a message from the cloud to the device. @param properties system ones under their {@code $.} names; null is a name without value */
public record CloudMessage(Map<String, @Nullable String> properties, byte[] body) {}
