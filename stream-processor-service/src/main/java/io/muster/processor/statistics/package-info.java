/** The fold of device-job events. Pure: imports the JDK and the generated records (as data). */
@NullMarked
package io.muster.processor.statistics;

import org.jspecify.annotations.NullMarked;
