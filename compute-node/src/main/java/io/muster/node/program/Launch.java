package io.muster.node.program;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Is what is started for a program.
 *
 * @param command begins with the program, or with a tool that becomes it
 * @param environment the whole of that one's
 * @param directory in which that one begins
 */
record Launch(List<String> command, Map<String, String> environment, Path directory) {}
