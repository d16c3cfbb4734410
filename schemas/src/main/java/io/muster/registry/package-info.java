/** A client of a schema registry that speaks Confluent's REST API. Imports the JDK, Avro and Jackson. */
@NullMarked
package io.muster.registry;

import org.jspecify.annotations.NullMarked;
