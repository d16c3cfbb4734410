/** The routes, on Micronaut. */
@NullMarked
package io.muster.api.http;

import org.jspecify.annotations.NullMarked;
