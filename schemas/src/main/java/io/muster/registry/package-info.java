/** Schemas by number: the interface that codecs ask, and a registry in memory for tests. Imports the JDK and Avro. */
@NullMarked
package io.muster.registry;

import org.jspecify.annotations.NullMarked;
