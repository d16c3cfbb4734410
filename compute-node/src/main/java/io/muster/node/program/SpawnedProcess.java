package io.muster.node.program;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Is a process that {@link PosixSpawn} started, and that leads a session. Thread-safe. */
final class SpawnedProcess extends Process {
    private final long pid;
    private final InputStream out;
    private final InputStream err;
    private final CompletableFuture<Integer> code = new CompletableFuture<>();

    SpawnedProcess(long pid, InputStream out, InputStream err) {
        this.pid = pid;
        this.out = out;
        this.err = err;
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
        if (isAlive()) {
            Signals.toGroup(pid, Signals.KILL);
        }
    }
}
