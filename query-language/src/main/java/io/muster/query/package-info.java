/**
 * The query language over devices: conditions and whole queries are parsed once and compiled to a tree of small evaluators. Imports the JDK and ANTLR
 * only; several services must agree on it exactly. Contract: iot-hub, section 3.
 */
@NullMarked
package io.muster.query;

import org.jspecify.annotations.NullMarked;
