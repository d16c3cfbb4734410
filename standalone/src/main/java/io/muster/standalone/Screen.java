package io.muster.standalone;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows people what happens: lines, and progress, which goes on in place on a terminal and elsewhere is a line when it has changed.
 * Thread-safe.
 */
final class Screen implements Consumer<String> {
    private static final Duration BETWEEN_LINES_OF_PROGRESS = Duration.ofSeconds(5);
    private static final String LOG_FILE = "muster.log.file";

    private final PrintStream out;
    private final boolean inPlace;
    private final InstantSource clock;
    private @Nullable Logger log;
    private String progress = "";
    private String shown = "";
    private Instant shownAt = Instant.EPOCH;

    /** Prints to a stream. @param inPlace whether a line can be written over */
    Screen(PrintStream out, boolean inPlace, InstantSource clock) {
        this.out = out;
        this.inPlace = inPlace;
        this.clock = clock;
    }

    /** Keeps each line in that file too, and what libraries have to say. Once, before a library has said anything. */
    synchronized void keepIn(Path file) {
        System.setProperty(LOG_FILE, file.toString());
        log = LoggerFactory.getLogger("muster");
    }

    /** Shows a line. */
    @Override
    public synchronized void accept(String line) {
        settle();
        print(line);
        out.flush();
    }

    /** Shows how far something is. {@link #settle} ends it. */
    synchronized void progress(String text) {
        if (text.equals(progress)) {
            return;
        }
        if (inPlace) {
            out.print("\r" + text + " ".repeat(Math.max(0, progress.length() - text.length())));
            out.flush();
        } else if (Duration.between(shownAt, clock.instant()).compareTo(BETWEEN_LINES_OF_PROGRESS) >= 0) {
            show(text);
        }
        progress = text;
    }

    /** Ends the progress that was shown last, and leaves it standing as a line. */
    synchronized void settle() {
        if (inPlace && !progress.isEmpty()) {
            out.println();
            keep(progress);
        } else if (!progress.equals(shown)) {
            show(progress);
        }
        progress = "";
        shown = "";
        shownAt = Instant.EPOCH;
    }

    private void show(String text) {
        print(text);
        shown = text;
        shownAt = clock.instant();
    }

    private void print(String line) {
        out.println(line);
        keep(line);
    }

    private void keep(String line) {
        Logger kept = log;
        if (kept != null) {
            kept.info("{}", line);
        }
    }
}
