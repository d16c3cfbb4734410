/** State of applications whose entries may be corrupt: they are put aside, and where a compacted topic has the document it takes their place. */
@NullMarked
package io.muster.service.state;

import org.jspecify.annotations.NullMarked;
