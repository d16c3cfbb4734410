/**
 * Builds the container images of the services and of the compute node, without a Docker engine and without a base image (ADR 0012).
 *
 * <p>May import: {@code java.io}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code com.google.cloud.tools.jib}.
 */
@NullMarked
package io.muster.images;

import org.jspecify.annotations.NullMarked;
