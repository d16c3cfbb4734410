/**
 * Provides what every service's process needs: settings, life cycle, health, metrics, traces, and the loops that read logs.
 *
 * <p>A loop that reads a log for as long as its service runs is a {@link io.muster.service.LogFollower}: it goes on after every trouble, or
 * its service says that it isn't ready and ends. A loop that answers its caller once is a {@link io.muster.service.LogScan}, bounded in time.
 * Three that run as long are neither. The gateway's {@code DeliveryReader} commits a batch before it hands it over, so that a delivery is never handed
 * over twice (ADR 3). A stream job's {@code EndpointDelivery} and the stream processor's {@code ScheduleCalls} are members of a group, whose partitions
 * move between instances, and commit behind the endpoint's answer or the report. All have the same rules for failures, and tests by the kit in this
 * module's test folder {@code trouble}, which fails each of their calls by each kind of exception.
 *
 * <p>Two poll as their caller reads on, and are no {@code LogScan} for that: the API's {@code KafkaTaskOutputs} and {@code ArtifactStream} hand a range of
 * a log over piece by piece to a client of HTTP, which may be slow, and hold no more of it than a fetch. A failure of the brokers, or ten seconds
 * of empty polls, is their caller's {@code IOException}. All else that reads is a Kafka Streams application.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.time}, {@code java.util},
 * {@code com.sun.net.httpserver}, {@code io.micrometer}, {@code io.opentelemetry}, {@code org.apache.avro}, {@code org.apache.kafka},
 * {@code org.slf4j}, {@code io.muster.codec}, {@code io.muster.document}, {@code io.muster.records}, {@code io.muster.registry},
 * {@code io.muster.service.registry}, {@code io.muster.topics}.
 */
@NullMarked
package io.muster.service;

import org.jspecify.annotations.NullMarked;
