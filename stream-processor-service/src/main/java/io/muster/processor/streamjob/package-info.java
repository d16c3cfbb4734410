/** The life of stream jobs: what may be asked of one in each state, and what it is then. Pure. Contract: stream-analytics, 4.2. */
@NullMarked
package io.muster.processor.streamjob;

import org.jspecify.annotations.NullMarked;
