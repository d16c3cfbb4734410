/** The REST ingress. This package composes. */
@NullMarked
package io.muster.api;

import org.jspecify.annotations.NullMarked;
