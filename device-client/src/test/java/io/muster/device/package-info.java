@NullMarked
package io.muster.device;

import org.jspecify.annotations.NullMarked;
