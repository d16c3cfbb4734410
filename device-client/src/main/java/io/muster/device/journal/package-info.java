/**
 * Keeps on disk what a device has to report, until the hub has acknowledged it: over losses of the connection, ends of the process by {@code kill -9}, and
 * writes that were cut short.
 *
 * <p>May import: {@code java.io}, {@code java.nio}, {@code java.util}.
 */
@NullMarked
package io.muster.device.journal;

import org.jspecify.annotations.NullMarked;
