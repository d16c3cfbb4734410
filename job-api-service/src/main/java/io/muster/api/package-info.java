/** Composes the REST ingress: its server, its surfaces, its views and its requests to the log. */
@NullMarked
package io.muster.api;

import org.jspecify.annotations.NullMarked;
