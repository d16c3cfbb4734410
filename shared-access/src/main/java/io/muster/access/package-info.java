/**
 * Shared access signatures and policies: made by clients, checked by the API and the gateway exactly alike. Imports the JDK only.
 * Contract: iot-hub, 1.1.
 */
@NullMarked
package io.muster.access;

import org.jspecify.annotations.NullMarked;
