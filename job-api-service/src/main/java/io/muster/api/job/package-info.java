/**
 * Asks the planner, and keeps views of jobs, stream jobs and sites. It knows no HTTP and no Kafka.
 *
 * <p>May import: {@code java.io}, {@code java.time}, {@code java.util}, {@code io.muster.api.compute}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.job;

import org.jspecify.annotations.NullMarked;
