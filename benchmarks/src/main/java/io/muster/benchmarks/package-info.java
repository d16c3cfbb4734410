/** The load driver: figures of the whole beside their floors, in one run. Run by hand, never asserted by a test. */
@NullMarked
package io.muster.benchmarks;

import org.jspecify.annotations.NullMarked;
