/**
 * Defines the dialect of OData's {@code $filter} that lists of Batch have. Contract: batch, 3.4.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code org.antlr.v4.runtime}, {@code io.muster.query.kernel}, {@code io.muster.query.odata.grammar}.
 */
@NullMarked
package io.muster.query.odata;

import org.jspecify.annotations.NullMarked;
