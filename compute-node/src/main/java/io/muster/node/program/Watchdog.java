package io.muster.node.program;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a process whose input ends when this one ends, however it ends. It then kills every process of this run's programs: those that have the run in
 * their environment. It does so too when this process was silent for longer than it announced, as where it is stopped by a signal. Thread-safe.
 */
final class Watchdog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
    private static final int LIMIT_SECONDS = 20;

    /**
     * Reads lines, each the seconds until which there has to be another; nothing is any time. Searches ten times: a program may start processes while others
     * are killed. Source of the paths: proc(5).
     */
    private static final String SCRIPT = """
            trap '' HUP INT TERM
            end() {
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
                [ -z "$found" ] && return
                round=$((round + 1))
              done
            }
            left=
            while :; do
              if [ -z "$left" ]; then
                IFS= read -r left || break
                continue
              fi
              next=$(timeout -s KILL "$left" sh -c 'IFS= read -r line && echo "$line"')
              case $? in
                0) left=$next ;;
                124|137) end "$1"; left= ;;
                *) break ;;
              esac
            done
            end "$1"
            """.formatted(Programs.RUN);

    private final String run;
    private Process process;
    private OptionalLong heardUntil = OptionalLong.empty();

    private Watchdog(String run) throws IOException {
        this.run = run;
        this.process = begin(run);
    }

    static Watchdog start(String run) throws IOException {
        return new Watchdog(run);
    }

    private static Process begin(String run) throws IOException {
        for (String tool : List.of("timeout", "tr", "grep")) {
            SystemTools.require(tool);
        }
        ProcessBuilder builder = new ProcessBuilder(
                        SystemTools.require("setsid"), SystemTools.require("sh"), "-c", SCRIPT, "muster-watchdog", run)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        // This process may be a program of another node, and then have that node's run in its environment.
        builder.environment().clear();
        builder.environment().put("PATH", SystemTools.PATH);
        return builder.start();
    }

    /** Starts it again where somebody ended it. @throws IOException where it can't be started */
    synchronized void require() throws IOException {
        if (!process.isAlive()) {
            LOG.warn("The watchdog of this node's programs was ended, and is started again");
            process = begin(run);
            if (heardUntil.isPresent()) {
                announce(Duration.ofNanos(heardUntil.getAsLong() - System.nanoTime()));
            }
        }
    }

    /** Has it kill everything unless it hears again within that time. It waits for a second or two more, so that it is not before this process. */
    synchronized void expectWithin(Duration time) {
        heardUntil = OptionalLong.of(System.nanoTime() + time.toNanos());
        announce(time);
    }

    private void announce(Duration time) {
        long seconds = Math.max(0, time.toSeconds()) + 2;
        try {
            OutputStream out = process.getOutputStream();
            out.write((seconds + "\n").getBytes(StandardCharsets.US_ASCII));
            out.flush();
        } catch (IOException e) {
            LOG.debug("The watchdog has ended, and will be started again", e);
        }
    }

    /** Has it kill what is left of this run, and waits for that. */
    @Override
    public synchronized void close() {
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
