/**
 * The query of a stream job out of the document that clients write, with the functions of its user, which are JavaScript. Jackson and Rhino
 * are imported here alone.
 */
@NullMarked
package io.muster.query.document;

import org.jspecify.annotations.NullMarked;
