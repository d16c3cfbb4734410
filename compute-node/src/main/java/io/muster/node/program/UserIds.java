package io.muster.node.program;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Holds the numbers of a user of this machine and of the user's group. */
record UserIds(long user, long group) {
    /** Finds a user. @throws IOException where there is none of that name */
    static UserIds of(String name) throws IOException {
        return new UserIds(id("-u", name), id("-g", name));
    }

    private static long id(String option, String name) throws IOException {
        Process process = new ProcessBuilder("id", option, "--", name)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (!answer.matches("\\d{1,10}")) {
            throw new IOException(
                    "This machine has no user " + name + ": add one, or name another to run programs as.");
        }
        return Long.parseLong(answer);
    }
}
