/** Computes what several services must compute alike, and say alike. Imports the generated records, Jackson's faults and the JDK. */
@NullMarked
package io.muster.document;

import org.jspecify.annotations.NullMarked;
