/** How records of topics are read as events, and rows of results are written as records. */
@NullMarked
package io.muster.processor.format;

import org.jspecify.annotations.NullMarked;
