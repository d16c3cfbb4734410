package io.muster.images;

/** Names the places of things in an image. Nothing but {@link #TEMPORARY} need be writable, and state where a service has some. */
final class Layout {
    static final String JAVA = "/opt/java";
    static final String JARS = "/app/lib";
    static final String LICENSES = "/licenses";
    static final String TEMPORARY = "/tmp";

    /** Identifies the user by a number, since Kubernetes can't tell of a name whether it is root. */
    static final int USER = 10001;

    /** Identifies the user {@code tasks} of the image of a compute node, as whom a node that is root may run programs ({@code run-as}). */
    static final int TASKS = 10002;

    private Layout() {}
}
