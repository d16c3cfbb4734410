/**
 * The one type that pure rules share with the runtime that runs them.
 *
 * <p>Imports: {@code io.muster.records}.
 */
@NullMarked
package io.muster.service.decider;

import org.jspecify.annotations.NullMarked;
