/**
 * Shares the rules of all providers of Azure Resource Manager: addresses, versions, rights and the form of errors.
 *
 * <p>May import: {@code java.time}, {@code java.util}, {@code com.fasterxml.jackson}, {@code io.micronaut.http}, {@code io.muster.access}, {@code io.muster.api.access},
 * {@code io.muster.api.job}, {@code io.muster.api.json}, {@code io.muster.api.surface}, {@code io.muster.records}.
 */
@NullMarked
package io.muster.api.arm;

import org.jspecify.annotations.NullMarked;
