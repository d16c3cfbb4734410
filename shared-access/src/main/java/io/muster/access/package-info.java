/**
 * Makes and checks shared access signatures and policies: made by clients, checked by the API and the gateway exactly alike. Contract: iot-hub, 1.1.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.time}, {@code java.util},
 * {@code javax.crypto}, {@code javax.net.ssl}.
 */
@NullMarked
package io.muster.access;

import org.jspecify.annotations.NullMarked;
