/**
 * Fails each call of a loop that reads a log, by each kind of exception. A module that has such a loop tests it with this kit: a {@link
 * io.muster.service.trouble.MemoryLog} to read, {@link io.muster.service.trouble.Faults} between the loop and its clients, and a {@link
 * io.muster.service.trouble.Trial} that says that the loop goes on or ends its service.
 */
@NullMarked
package io.muster.service.trouble;

import org.jspecify.annotations.NullMarked;
