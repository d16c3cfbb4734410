/** Tests end to end: one running Muster, shared by all tests of the module. */
package io.muster.system;
