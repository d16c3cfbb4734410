/**
 * The dialect of Stream Analytics: a text becomes a plan of selects whose expressions are compiled. How the plan runs, and which time it
 * is in a stream, is not decided here. NULL is {@link io.muster.query.Values#UNDEFINED}: absent and null are the same in this dialect, and so
 * both dialects share the logic of three values. Imports the JDK, ANTLR, RE2/J and the package above. Contract: stream-analytics, 4.5.
 */
@NullMarked
package io.muster.query.stream;

import org.jspecify.annotations.NullMarked;
