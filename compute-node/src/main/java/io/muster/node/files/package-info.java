/**
 * Brings a task's files to its directory: fetches artifacts over HTTPS, checks them by their hash, keeps a bounded number of them, and unpacks archives
 * within limits.
 *
 * <p>May import: {@code java.io}, {@code java.net}, {@code java.nio}, {@code java.security}, {@code java.time}, {@code java.util}, {@code
 * javax.net.ssl}, {@code org.slf4j}.
 */
@NullMarked
package io.muster.node.files;

import org.jspecify.annotations.NullMarked;
