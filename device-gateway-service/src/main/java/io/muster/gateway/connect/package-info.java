/** Who may connect: the decision on a CONNECT, from what the device shows and what the fleet knows. Pure. Contract: iot-hub, section 4. */
@NullMarked
package io.muster.gateway.connect;

import org.jspecify.annotations.NullMarked;
