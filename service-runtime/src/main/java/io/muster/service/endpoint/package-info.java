/**
 * Calls of addresses that users name: only those that an allowlist opens, and none that a name resolves to beside it.
 *
 * <p>Imports: {@code io.muster.service}; {@code javax.net.ssl..}; {@code org.apache.hc..}.
 */
@NullMarked
package io.muster.service.endpoint;

import org.jspecify.annotations.NullMarked;
