/** What several services must compute alike from a record. Imports the generated records and the JDK. */
@NullMarked
package io.muster.document;

import org.jspecify.annotations.NullMarked;
