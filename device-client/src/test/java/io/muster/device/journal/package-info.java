@NullMarked
package io.muster.device.journal;

import org.jspecify.annotations.NullMarked;
