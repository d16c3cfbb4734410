@NullMarked
package io.muster.gateway.channel.tasks;

import org.jspecify.annotations.NullMarked;
