/**
 * Everything on one machine, as processes: the broker, the registry, the four services, a simulated fleet. It starts, watches and ends
 * them, and has no rule of its own.
 */
@NullMarked
package io.muster.standalone;

import org.jspecify.annotations.NullMarked;
