/** More partitions for topics whose keys depend on their number: state and tables are moved to where their keys are now. */
@NullMarked
package io.muster.service.growth;

import org.jspecify.annotations.NullMarked;
