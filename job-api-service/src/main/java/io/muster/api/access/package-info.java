/** Decides on tokens: the operations, and the rights they need. Pure. Contract: iot-hub, 1.1. */
@NullMarked
package io.muster.api.access;

import org.jspecify.annotations.NullMarked;
