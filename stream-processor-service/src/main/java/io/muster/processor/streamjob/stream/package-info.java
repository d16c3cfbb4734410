/** Stream jobs in Kafka: their coordinator, and what runs them. May import anything. */
@NullMarked
package io.muster.processor.streamjob.stream;

import org.jspecify.annotations.NullMarked;
