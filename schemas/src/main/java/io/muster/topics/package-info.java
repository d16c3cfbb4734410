/**
 * The catalogue of topics: each declared once, as data, from which topologies, clients, topic creation, the chart and the table in
 * the docs are derived. Imports the generated records and the JDK; only {@link io.muster.topics.TopicProvisioner} touches Kafka.
 */
@NullMarked
package io.muster.topics;

import org.jspecify.annotations.NullMarked;
