package io.muster.node.program;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Is a process that {@link PosixSpawn} started, and that leads a session. When it has ended it stays a zombie until it is {@link #reap reaped}: no other process gets its
 * number, which is that of its group and its session too. Thread-safe.
 */
final class SpawnedProcess extends Process {
    private final long pid;
    private final InputStream out;
    private final InputStream err;
    private final Set<String> pipes;
    private boolean reaped;
    private final CompletableFuture<Integer> code = new CompletableFuture<>();

    /** Makes one. @param pipes names those of its output and errors, as {@code /proc} does */
    SpawnedProcess(long pid, InputStream out, InputStream err, Set<String> pipes) {
        this.pid = pid;
        this.out = out;
        this.err = err;
        this.pipes = pipes;
    }

    Set<String> pipes() {
        return pipes;
    }

    /** Sends a signal to its group, unless it was reaped. @return whether there was a process that could be sent to */
    synchronized boolean signalGroup(int signal) {
        return !reaped && Signals.toGroup(pid, signal);
    }

    /** Gives its number back to the machine, once it has ended. */
    synchronized void reap() {
        if (!isAlive() && !reaped) {
            reaped = true;
            PosixSpawn.reap(pid);
        }
    }

    /** Notes its end. */
    void exited(int with) {
        code.complete(with);
    }

    @Override
    public long pid() {
        return pid;
    }

    @Override
    public OutputStream getOutputStream() {
        return OutputStream.nullOutputStream();
    }

    @Override
    public InputStream getInputStream() {
        return out;
    }

    @Override
    public InputStream getErrorStream() {
        return err;
    }

    @Override
    public CompletableFuture<Process> onExit() {
        return code.thenApply(_ -> this);
    }

    @Override
    public boolean isAlive() {
        return !code.isDone();
    }

    @Override
    public int waitFor() throws InterruptedException {
        try {
            return code.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("an end is a code", e);
        }
    }

    @Override
    public int exitValue() {
        if (isAlive()) {
            throw new IllegalThreadStateException("the process has not ended");
        }
        return code.join();
    }

    /** Kills it with its group. */
    @Override
    public void destroy() {
        signalGroup(Signals.KILL);
    }
}
