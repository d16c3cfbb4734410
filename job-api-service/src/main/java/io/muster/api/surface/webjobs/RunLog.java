package io.muster.api.surface.webjobs;

import io.muster.api.compute.ChunkOrder;
import io.muster.records.OutputStream;
import io.muster.records.ScriptHost;
import io.muster.records.TaskOutput;
import io.muster.records.WebJobRun;
import io.muster.records.WebJobRunStatus;
import io.muster.records.WebJobStart;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes a run's log in Kudu's form: {@code [MM/dd/yyyy HH:mm:ss > node: INFO] text}, of what became of the run and of the lines that its program
 * wrote. A line that is longer than {@value #LONGEST_LINE} bytes is cut into several. Chunks that come twice count once. For one thread. Contract:
 * webjobs-and-schedules, 2.6.
 */
final class RunLog {
    private static final int LONGEST_LINE = 64 * 1024;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("MM/dd/yyyy HH:mm:ss").withZone(ZoneOffset.UTC);
    private static final Map<ScriptHost, String> HOSTS = Map.of(
            ScriptHost.CMD, "WindowsScriptHost",
            ScriptHost.POWERSHELL, "PowerShellScriptHost",
            ScriptHost.BASH, "BashScriptHost",
            ScriptHost.PYTHON, "PythonScriptHost",
            ScriptHost.PHP, "PhpScriptHost",
            ScriptHost.NODE, "NodeScriptHost",
            ScriptHost.FSHARP, "FSharpScriptHost",
            ScriptHost.JAVA, "JavaScriptHost");

    /** Names the level of a line, padded to four letters. */
    private enum Level {
        INFO("INFO"),
        ERROR("ERR "),
        WARNING("WARN"),
        SYSTEM_INFO("SYS INFO"),
        SYSTEM_ERROR("SYS ERR ");

        private final String text;

        Level(String text) {
            this.text = text;
        }
    }

    /**
     * Says where a log stood between two lines: it goes on from there by the program's output alone.
     *
     * @param length of the log, in bytes
     * @param seen how many bytes of the program's output are in it
     */
    record Mark(long length, long seen) {}

    private static final String NO_NODE = "-";
    /** Bounds how long a run waits for a slot before its log says so: longer than it is on its way. */
    private static final Duration SOON = Duration.ofSeconds(10);
    /** Is waited beyond that, since clocks differ: what a log says while its run waits stays said when that was started. */
    private static final Duration SLACK = Duration.ofSeconds(10);

    /** Holds the exit codes of programs that a signal ended, TERM or KILL: they did not end in time by themselves. */
    private static final Set<Integer> ABORTED = Set.of(128 + 15, 128 + 9);

    private WebJobRun run;
    private String instance = NO_NODE;
    private final int mostLines;
    private final Optional<Instant> keptSince;
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    /** Holds the starts of the program that are still to be shown. */
    private final Deque<WebJobStart> starts;

    private @Nullable WebJobStart current;
    private Instant latest;
    private long seen;
    private final ChunkOrder order = new ChunkOrder();
    private int lines;
    private boolean stopping;
    private boolean waited;
    /** Counts the bytes of the log that were drained. */
    private long drained;

    private Mark begun = new Mark(0, 0);

    /**
     * Makes one.
     *
     * @param mostLines of the program; more are left out, and a warning says so
     * @param keptSince when there may be output; what was written before has expired. Empty where nothing has
     */
    RunLog(WebJobRun run, int mostLines, Optional<Instant> keptSince) {
        this.run = run;
        this.keptSince = keptSince;
        this.mostLines = mostLines;
        this.starts = new ArrayDeque<>(starts(run));
        this.latest = run.getBegunAt();
    }

    private static List<WebJobStart> starts(WebJobRun run) {
        boolean isOne = run.getStartedAt() != null && run.getPlacement() != null && run.getNodeId() != null;
        return run.getStarts().isEmpty() && isOne
                ? List.of(new WebJobStart(run.getPlacement(), run.getNodeId(), run.getStartedAt(), null, null))
                : run.getStarts().stream().map(start -> onItsNode(run, start)).toList();
    }

    /** Names the node of a start that does not, since its run is pinned to it. */
    private static WebJobStart onItsNode(WebJobRun run, WebJobStart start) {
        return start.getNodeId().isEmpty() && run.getPinnedTo() != null
                ? WebJobStart.newBuilder(start).setNodeId(run.getPinnedTo()).build()
                : start;
    }

    /** Returns since when its program may have written; empty where it was not started. */
    static Optional<Instant> since(WebJobRun run) {
        return starts(run).stream().map(WebJobStart::getStartedAt).findFirst();
    }

    /** Returns what was written since it was asked last. */
    byte[] drain() {
        byte[] bytes = written.toByteArray();
        written.reset();
        drained += bytes.length;
        return bytes;
    }

    /** Returns where it was between lines last: now, or where the first of those began whose ends are still to come. */
    Mark mark() {
        return isBetweenLines() ? new Mark(length(), seen) : begun;
    }

    boolean isBetweenLines() {
        return out.size() == 0 && err.size() == 0;
    }

    private long length() {
        return drained + written.size();
    }

    /** Goes on where another one of the same run was, which shows all lines: what was written by now is in that. */
    void goOn(Mark from) {
        written.reset();
        drained = from.length();
        seen = from.seen();
    }

    /** Writes what stands before the program's output. @param now until which a run waits that was not started */
    void begin(Instant now) {
        // No node has it yet: these lines stay as they are, since readers go on by their offset.
        say(run.getBegunAt(), NO_NODE, Level.SYSTEM_INFO, "Status changed to Initializing");
        say(
                run.getBegunAt(),
                NO_NODE,
                Level.SYSTEM_INFO,
                "Run script '" + run.getScript() + "' with script host - '" + HOSTS.get(run.getHost()) + "'");
        waited(now);
        if (!starts.isEmpty()) {
            next();
        }
    }

    /** Says that a run waited for a slot, where that took long. */
    private void waited(Instant now) {
        Instant said = run.getBegunAt().plus(SOON);
        @Nullable Instant until = run.getStartedAt() == null ? run.getEndedAt() : run.getStartedAt();
        boolean isOnceStarted = run.getStarts().isEmpty();
        if (!waited && isOnceStarted && current == null && (until == null ? now.minus(SLACK) : until).isAfter(said)) {
            waited = true;
            String text = "The run waits for a free slot on a node of the pool '" + run.getPoolId() + "'";
            say(said, NO_NODE, Level.SYSTEM_INFO, text);
        }
    }

    /** Takes the run as it is. @param changed what it had before has not changed, and starts behind that @param now see {@link #begin} */
    void update(WebJobRun changed, Instant now) {
        List<WebJobStart> before = starts(run);
        List<WebJobStart> all = starts(changed);
        run = changed;
        starts.addAll(all.subList(before.size(), all.size()));
        waited(now);
        if (current == null && !starts.isEmpty()) {
            next();
        }
    }

    /** Goes on to the next start of the program. */
    private void next() {
        showBehindGaps();
        rest();
        if (current != null && current.getEndedAt() != null) {
            ended(current.getEndedAt(), current.getExitCode());
        }
        current = starts.removeFirst();
        instance = current.getNodeId();
        latest = current.getStartedAt();
        seen = 0;
        lines = 0;
        say(latest, Level.SYSTEM_INFO, "Status changed to Running");
        if (isExpired(latest)) {
            say(
                    latest,
                    Level.WARNING,
                    "Output from before " + TIME.format(keptSince.orElseThrow())
                            + " has expired: it is kept for 30 days.");
        }
    }

    /** Returns whether what was written then may have expired. */
    private boolean isExpired(Instant writtenAt) {
        return keptSince.filter(writtenAt::isBefore).isPresent();
    }

    /** Says how a program ended that starts again. */
    private void ended(Instant at, @Nullable Integer exitCode) {
        if (exitCode != null && exitCode != 0) {
            say(at, Level.SYSTEM_ERROR, "Job failed due to exit code " + exitCode);
        }
        if (exitCode != null) {
            say(at, Level.SYSTEM_INFO, "Status changed to " + (exitCode == 0 ? "Success" : "Failed"));
        }
        say(at, Level.SYSTEM_INFO, "Status changed to PendingRestart");
    }

    /**
     * Says of a continuous job that its program was asked to stop, where that was before this time. Kudu says it of no triggered job; its log grows at its end
     * alone.
     */
    private void stoppingBefore(Instant at) {
        Instant stoppingAt = run.getStoppingAt();
        if (!stopping
                && stoppingAt != null
                && !run.getStarts().isEmpty()
                && starts.isEmpty()
                && !stoppingAt.isAfter(at)) {
            stopping = true;
            rest();
            say(stoppingAt, Level.SYSTEM_INFO, "Status changed to Stopping");
        }
    }

    private static boolean isOf(TaskOutput chunk, @Nullable WebJobStart start) {
        return start != null
                && start.getPlacement() == chunk.getToken().getPlacement()
                && start.getNodeId().equals(chunk.getNodeId());
    }

    /** Writes what came behind a gap that stays. */
    private void showBehindGaps() {
        for (Optional<TaskOutput> next = order.rest(); next.isPresent(); next = order.rest()) {
            show(next.get());
        }
    }

    /** Writes the rest of a line. */
    private void rest() {
        if (out.size() > 0) {
            flush(out, Level.INFO);
        }
        if (err.size() > 0) {
            flush(err, Level.ERROR);
        }
    }

    /** Takes a chunk of output: one of another attempt or of another node, or that came already, is left out. */
    void take(TaskOutput chunk) {
        if (starts.stream().anyMatch(start -> isOf(chunk, start))) {
            do {
                next();
            } while (!isOf(chunk, current));
        }
        if (!isOf(chunk, current)) {
            return;
        }
        order.add(chunk);
        boolean isHeadGone = seen == 0 && current != null && isExpired(current.getStartedAt());
        for (Optional<TaskOutput> next = order.next(isHeadGone ? Long.MAX_VALUE : seen);
                next.isPresent();
                next = order.next(seen)) {
            show(next.get());
        }
    }

    private void show(TaskOutput chunk) {
        ByteBuffer bytes = chunk.getOutput().duplicate();
        long end = chunk.getOffset() + bytes.remaining();
        if (end <= seen) {
            return;
        }
        bytes.position(bytes.position() + (int) Math.max(0, seen - chunk.getOffset()));
        seen = end;
        stoppingBefore(chunk.getAt());
        latest = chunk.getAt();
        ByteArrayOutputStream line = chunk.getStream() == OutputStream.OUT ? out : err;
        Level level = chunk.getStream() == OutputStream.OUT ? Level.INFO : Level.ERROR;
        while (bytes.hasRemaining()) {
            if (isBetweenLines()) {
                begun = new Mark(length(), end - bytes.remaining());
            }
            byte one = bytes.get();
            if (one == '\n') {
                flush(line, level);
            } else {
                line.write(one);
                if (line.size() == LONGEST_LINE) {
                    flush(line, level);
                }
            }
        }
    }

    /** Writes what stands behind the program's output: the rest of a line, and how the run ended if it has. */
    void end() {
        while (!starts.isEmpty()) {
            next();
        }
        Instant endedAt = run.getEndedAt();
        boolean goesOn = endedAt == null && (current == null || current.getEndedAt() == null);
        if (!goesOn) {
            showBehindGaps();
        }
        stoppingBefore(Instant.MAX);
        if (goesOn) {
            // The rest of a line is still to come.
            return;
        }
        rest();
        if (current != null && current.getEndedAt() != null) {
            ended(current.getEndedAt(), current.getExitCode());
        }
        if (endedAt == null) {
            return;
        }
        boolean failed = run.getStatus() == WebJobRunStatus.FAILED || run.getStatus() == WebJobRunStatus.ABORTED;
        if (!run.getDetail().isEmpty()) {
            say(endedAt, failed ? Level.SYSTEM_ERROR : Level.WARNING, run.getDetail());
        }
        if (run.getStatus() == WebJobRunStatus.FAILED && run.getExitCode() != null) {
            say(endedAt, Level.SYSTEM_ERROR, "Job failed due to exit code " + run.getExitCode());
        }
        if (run.getStatus() == WebJobRunStatus.STOPPED
                && run.getExitCode() != null
                && ABORTED.contains(run.getExitCode())) {
            say(endedAt, Level.SYSTEM_INFO, "WebJob process was aborted");
        }
        say(endedAt, Level.SYSTEM_INFO, "Status changed to " + Statuses.ofRun(run.getStatus()));
    }

    private void flush(ByteArrayOutputStream line, Level level) {
        byte[] text = line.toByteArray();
        line.reset();
        lines++;
        if (lines <= mostLines) {
            int length = text.length > 0 && text[text.length - 1] == '\r' ? text.length - 1 : text.length;
            write(latest, instance, level, text, length);
        } else if (lines == mostLines + 1) {
            say(
                    latest,
                    Level.WARNING,
                    "Reached maximum allowed output lines for this run: the lines behind are left out.");
        }
    }

    /** Returns whether nothing that its program writes is shown any more. */
    boolean isFull() {
        return lines > mostLines && starts.isEmpty();
    }

    private void say(Instant at, Level level, String text) {
        say(at, instance, level, text);
    }

    private void say(Instant at, String node, Level level, String text) {
        byte[] bytes = text.replaceAll("\\p{Cntrl}", " ").getBytes(StandardCharsets.UTF_8);
        write(at, node, level, bytes, bytes.length);
    }

    private void write(Instant at, String node, Level level, byte[] text, int length) {
        written.writeBytes(
                ("[" + TIME.format(at) + " > " + node + ": " + level.text + "] ").getBytes(StandardCharsets.UTF_8));
        written.write(text, 0, length);
        written.write('\r');
        written.write('\n');
    }
}
