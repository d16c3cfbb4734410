/** HTTP endpoints that users name: which of them are reached, and how. Imports the JDK, Apache's HTTP client and Settings. */
@NullMarked
package io.muster.service.endpoint;

import org.jspecify.annotations.NullMarked;
