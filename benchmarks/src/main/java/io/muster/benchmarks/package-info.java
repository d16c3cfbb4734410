/**
 * Measures the whole beside its floors, in one run. Run by hand, never asserted by a test.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.sql}, {@code java.time},
 * {@code java.util}, {@code com.fasterxml.jackson}, {@code com.github.kagkarlsson.scheduler}, {@code com.sun.management},
 * {@code com.zaxxer.hikari}, {@code io.micrometer}, {@code io.netty}, {@code javax.net.ssl}, {@code javax.sql}, {@code org.apache.avro},
 * {@code org.apache.flink}, {@code org.apache.kafka}, {@code org.quartz}, {@code io.muster.access}, {@code io.muster.agent},
 * {@code io.muster.codec}, {@code io.muster.device}, {@code io.muster.gateway}, {@code io.muster.gateway.channel},
 * {@code io.muster.gateway.connect}, {@code io.muster.gateway.fleet}, {@code io.muster.gateway.mqtt}, {@code io.muster.processor.engine},
 * {@code io.muster.processor.engine.topology}, {@code io.muster.processor.format}, {@code io.muster.processor.function},
 * {@code io.muster.query.kernel}, {@code io.muster.query.stream}, {@code io.muster.query.streamjob}, {@code io.muster.records},
 * {@code io.muster.registry}, {@code io.muster.service}, {@code io.muster.service.registry}, {@code io.muster.standalone},
 * {@code io.muster.topics}.
 */
@NullMarked
package io.muster.benchmarks;

import org.jspecify.annotations.NullMarked;
