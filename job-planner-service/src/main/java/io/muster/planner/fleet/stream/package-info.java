/** The fleet: one task owns the devices of one partition, their twins, connections and device jobs, and expands jobs over them. */
@NullMarked
package io.muster.planner.fleet.stream;

import org.jspecify.annotations.NullMarked;
