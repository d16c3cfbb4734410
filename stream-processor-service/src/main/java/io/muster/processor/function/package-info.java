/**
 * Runs the functions of users, which are JavaScript, in a process beside this one: what a script may take is bounded by that process, and
 * whatever becomes of it, this one goes on. Imports query-language; {@code FunctionWorker} is the other process's program and alone imports
 * Rhino.
 */
@NullMarked
package io.muster.processor.function;

import org.jspecify.annotations.NullMarked;
