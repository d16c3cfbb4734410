/** Requests over the topics, and the view of jobs. */
@NullMarked
package io.muster.api.kafka;

import org.jspecify.annotations.NullMarked;
