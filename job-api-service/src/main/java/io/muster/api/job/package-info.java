/** Asks the planner, and keeps a view of jobs. Pure. */
@NullMarked
package io.muster.api.job;

import org.jspecify.annotations.NullMarked;
