/**
 * Computes when a schedule fires: once, by elapsed time, by calendar days, by an NCRONTAB expression, or by rules of RFC 5545, in a time zone whose clock changes. Pure:
 * the time is an argument. Contract: webjobs-and-schedules, 2.7, 2.9 and 2.10.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code org.dmfs.rfc5545}.
 */
@NullMarked
package io.muster.schedule;

import org.jspecify.annotations.NullMarked;
