package io.muster.node.program;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a process whose input ends when this one ends, however it ends. It then kills every process of this run's programs: those that have the run in
 * their environment. For one thread.
 */
final class Watchdog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
    private static final int LIMIT_SECONDS = 20;

    /** Searches ten times: a program may start processes while others are killed. Source of the paths: proc(5). */
    private static final String SCRIPT = """
            trap '' HUP INT TERM
            cat >/dev/null
            round=0
            while [ $round -lt 10 ]; do
              found=
              for folder in /proc/[1-9]*; do
                pid=${folder#/proc/}
                [ "$pid" = $$ ] && continue
                if tr '\\0' '\\n' <"$folder/environ" 2>/dev/null | grep -qx "%s=$1" 2>/dev/null; then
                  kill -KILL "$pid" 2>/dev/null && found=1
                fi
              done
              [ -z "$found" ] && exit 0
              round=$((round + 1))
            done
            """.formatted(Programs.RUN);

    private final String run;
    private Process process;

    private Watchdog(String run) throws IOException {
        this.run = run;
        this.process = begin(run);
    }

    static Watchdog start(String run) throws IOException {
        return new Watchdog(run);
    }

    private static Process begin(String run) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("setsid", "sh", "-c", SCRIPT, "muster-watchdog", run)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        // This process may be a program of another node, and then have that node's run in its environment.
        builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
        return builder.start();
    }

    /** Starts it again where somebody ended it. @throws IOException where it can't be started */
    void require() throws IOException {
        if (!process.isAlive()) {
            LOG.warn("The watchdog of this node's programs was ended, and is started again");
            process = begin(run);
        }
    }

    /** Has it kill what is left of this run, and waits for that. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            LOG.debug("The watchdog has ended already", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
