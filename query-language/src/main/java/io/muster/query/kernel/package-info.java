/**
 * Parses a dialect's text within limits ({@link io.muster.query.kernel.Parsing}) and makes expressions over rows of it, with operators of three
 * values: the kernel of the query languages. A dialect is a grammar, which may import {@code Logic} and {@code Arithmetic} for the precedence of
 * operators, a visitor that compiles its trees, and a {@link io.muster.query.kernel.ValueRules} for how its values compare. The kernel knows no
 * dialect.
 *
 *
 * <p>May import: {@code java.io}, {@code java.math}, {@code java.util}, {@code org.antlr.v4.runtime}.
 */
@NullMarked
package io.muster.query.kernel;

import org.jspecify.annotations.NullMarked;
