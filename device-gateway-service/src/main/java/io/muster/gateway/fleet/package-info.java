/**
 * States what a gateway asks of the fleet and reports to it, so that sockets and channels know no Kafka.
 *
 * <p>May import: {@code java.util}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.gateway.fleet;

import org.jspecify.annotations.NullMarked;
