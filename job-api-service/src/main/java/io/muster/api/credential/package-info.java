/**
 * Reads credentials that several surfaces take and that a policy's key is the secret of, in the spellings of their clients; recognizes API tokens, and makes keys of devices. {@code access} says whom they prove. Contract:
 * addresses, "Who may".
 *
 * <p>May import: {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.time}, {@code java.util}, {@code io.micronaut.http},
 * {@code io.muster.access}, {@code io.muster.api.access}, {@code io.muster.api.job}, {@code io.muster.api.json}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.credential;

import org.jspecify.annotations.NullMarked;
