/** The page of jobs, how a browser signs in to it, and the description of the API. */
@NullMarked
package io.muster.api.surface.console;

import org.jspecify.annotations.NullMarked;
