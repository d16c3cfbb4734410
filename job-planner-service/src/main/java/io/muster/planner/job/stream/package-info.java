/** The coordinator: loads a job, lets {@code io.muster.planner.job} decide, keeps it, and writes what follows. */
@NullMarked
package io.muster.planner.job.stream;

import org.jspecify.annotations.NullMarked;
