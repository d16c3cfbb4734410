/** Shares what all providers of Azure's resource manager have in common: addresses, versions, rights and the form of errors. */
@NullMarked
package io.muster.api.arm;

import org.jspecify.annotations.NullMarked;
