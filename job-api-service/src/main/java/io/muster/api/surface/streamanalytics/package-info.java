/** Stream Analytics: its routes and its documents. Contract: stream-analytics, 4.1. */
@NullMarked
package io.muster.api.surface.streamanalytics;

import org.jspecify.annotations.NullMarked;
