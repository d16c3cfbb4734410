/**
 * Decides about stream jobs: which definitions are taken, and which commands in each state, and what a job is then. Pure. Contract:
 * stream-analytics, 4.2.
 *
 * <p>May import: {@code java.net}, {@code java.time}, {@code java.time.temporal}, {@code java.util}, {@code java.util.function}, {@code
 * java.util.stream}, {@code org.apache.avro}, {@code io.muster.records}, {@code io.muster.service.decider}.
 */
@NullMarked
package io.muster.processor.streamjob;

import org.jspecify.annotations.NullMarked;
