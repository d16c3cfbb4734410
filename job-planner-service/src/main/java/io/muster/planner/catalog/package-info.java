/**
 * Decides on the items of the catalog: device groups, device templates and API tokens. Contract: iot-central, 1.1 and 1.7.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code io.muster.document}, {@code io.muster.query.device}, {@code io.muster.query.kernel},
 * {@code io.muster.records}, {@code io.muster.service.decider}.
 */
@NullMarked
package io.muster.planner.catalog;

import org.jspecify.annotations.NullMarked;
