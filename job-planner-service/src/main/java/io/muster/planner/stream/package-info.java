/** What both processors of the planner need of Kafka Streams: decoding with dead letters, encoding once, due times. */
@NullMarked
package io.muster.planner.stream;

import org.jspecify.annotations.NullMarked;
