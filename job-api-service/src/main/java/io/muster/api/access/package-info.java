/** Who may do what: the operations, the rights they need, and the decision on a token. Pure. Contract: iot-hub, 1.1. */
@NullMarked
package io.muster.api.access;

import org.jspecify.annotations.NullMarked;
