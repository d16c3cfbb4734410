/**
 * Reads credentials that several surfaces take and that a policy's key is the secret of, in the spellings of their clients. {@code access} says whom they prove. Contract:
 * addresses, "Who may".
 *
 * <p>May import: {@code java.net}, {@code java.nio}, {@code java.time}, {@code java.util}, {@code io.micronaut.http}.
 */
@NullMarked
package io.muster.api.credential;

import org.jspecify.annotations.NullMarked;
