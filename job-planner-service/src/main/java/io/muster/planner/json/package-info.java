/** JSON objects as text and as maps. Imports the JDK and Jackson's streaming parser; pure. */
@NullMarked
package io.muster.planner.json;

import org.jspecify.annotations.NullMarked;
