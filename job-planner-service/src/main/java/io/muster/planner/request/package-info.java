/**
 * Says why requests can't be taken, in words that all aggregates share. Pure.
 *
 * <p>May import: {@code java.lang}.
 */
@NullMarked
package io.muster.planner.request;

import org.jspecify.annotations.NullMarked;
