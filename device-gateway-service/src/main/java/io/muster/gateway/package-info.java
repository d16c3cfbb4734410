/** The gateway: terminates MQTT, holds connections and no truth. This package composes. */
@NullMarked
package io.muster.gateway;

import org.jspecify.annotations.NullMarked;
