/** What every service's process needs: settings, life cycle, health and metrics. Imports no service and no rule. */
@NullMarked
package io.muster.service;

import org.jspecify.annotations.NullMarked;
