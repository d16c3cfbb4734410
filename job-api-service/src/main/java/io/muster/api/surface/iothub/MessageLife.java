package io.muster.api.surface.iothub;

import java.time.Duration;

/** Bounds how long messages to devices live whose senders don't say. */
public record MessageLife(Duration duration) {}
