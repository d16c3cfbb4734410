/**
 * Rules about devices: identities, twins, device jobs. Pure: imports the JDK, the generated records (as data), {@code
 * io.muster.document}, {@code io.muster.query.device}, {@code io.muster.query.kernel} and {@code io.muster.planner.json}. Time comes in as an argument.
 */
@NullMarked
package io.muster.planner.fleet;

import org.jspecify.annotations.NullMarked;
