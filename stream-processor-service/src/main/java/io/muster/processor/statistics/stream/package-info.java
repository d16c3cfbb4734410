/** The fold in two stages: by job within a device partition, then over partitions. */
@NullMarked
package io.muster.processor.statistics.stream;

import org.jspecify.annotations.NullMarked;
