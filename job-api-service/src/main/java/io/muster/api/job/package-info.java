/** What the API asks of the planner, and what it knows of jobs. Pure. */
@NullMarked
package io.muster.api.job;

import org.jspecify.annotations.NullMarked;
