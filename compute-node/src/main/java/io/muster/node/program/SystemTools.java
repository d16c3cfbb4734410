package io.muster.node.program;

import java.io.IOException;
import java.nio.file.Path;

/** Finds the tools by which programs are run, in folders of the system alone: a PATH may name others, which users can write to. */
final class SystemTools {
    /** Holds those folders, with colons between them. */
    static final String PATH = "/usr/bin:/bin:/usr/sbin:/sbin";

    private SystemTools() {}

    /** Returns the absolute path of a tool. @throws IOException where this machine does not have it */
    static String require(String name) throws IOException {
        return SearchPath.find(PATH, name, Path.of("/"))
                .orElseThrow(() ->
                        new IOException("This machine has no " + name + " in " + PATH + ", which programs are run by."))
                .toString();
    }
}
