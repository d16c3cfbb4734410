package io.muster.node.output;

import java.util.concurrent.Semaphore;

/** Bounds how much output of all programs a node keeps in memory. Thread-safe. */
public final class OutputBudget {
    private final Semaphore bytes;

    /** Makes one. @param most bytes, of all programs */
    public OutputBudget(int most) {
        this.bytes = new Semaphore(most, true);
    }

    void take(int count) throws InterruptedException {
        bytes.acquire(count);
    }

    void giveBack(int count) {
        bytes.release(count);
    }
}
