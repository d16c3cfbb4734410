/**
 * Calls addresses that users name: only those that an allowlist opens, and none that a name resolves to beside it.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.time}, {@code java.util}, {@code javax.net.ssl}, {@code org.apache.hc},
 * {@code io.muster.service}.
 */
@NullMarked
package io.muster.service.endpoint;

import org.jspecify.annotations.NullMarked;
