/** The engine in Kafka Streams: records become events, state is kept in stores, results are written. May import anything. */
@NullMarked
package io.muster.processor.engine.stream;

import org.jspecify.annotations.NullMarked;
