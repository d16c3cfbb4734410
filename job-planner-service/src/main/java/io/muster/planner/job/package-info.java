/**
 * Rules about jobs: what may become of one, and when. Pure: imports the JDK, the generated records (as data) and {@code
 * io.muster.query.device}, {@code io.muster.query.kernel}. Time comes in as an argument.
 */
@NullMarked
package io.muster.planner.job;

import org.jspecify.annotations.NullMarked;
