/**
 * Reads the query of a stream job out of the document that clients write, and the functions of its user, which are JavaScript; it runs none.
 * Jackson and Rhino are imported here alone in this module.
 */
@NullMarked
package io.muster.query.document;

import org.jspecify.annotations.NullMarked;
