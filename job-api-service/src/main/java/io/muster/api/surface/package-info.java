/**
 * Tells which API a request is for. Each folder below holds one: its value, which is a {@link io.muster.api.surface.Surface}, its routes and its documents. No
 * surface imports another.
 */
@NullMarked
package io.muster.api.surface;

import org.jspecify.annotations.NullMarked;
