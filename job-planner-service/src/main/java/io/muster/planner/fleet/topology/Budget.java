package io.muster.planner.fleet.topology;

/**
 * Bounds the work of one turn: of a tick, and of a record that begins long work. So deliveries, answers and connections never wait long
 * behind work over many devices. Counts units of about a microsecond on one core of a small machine instead of reading a clock, so the
 * same log leads to the same turns. For one task.
 */
final class Budget {
    /** Bounds one turn: 10 ms. */
    static final int TICK = 10_000;

    /** Passes over a row of a store, or decodes a short one and evaluates a short condition on it. */
    static final int VISIT = 4;

    /** Deletes an entry of a store. */
    static final int DELETE = 12;

    /** Finds a slice of device jobs, and deletes it. */
    static final int SLICE = 100;

    /** Writes an event of a device job, and folds it. */
    static final int EVENT = 40;

    /** Begins a device job: writes a twin or hands over a method, and what both write. */
    static final int BEGIN = 40;

    /** Counts bytes of a row that its visit pays for: those of a device with little in its twin. */
    private static final int SHORT_ROW = 512;

    /** Counts bytes of a document that are decoded and parsed in a unit, and characters of a text likewise. */
    private static final int BYTES = 100;

    /** Counts how often a twin's section is parsed to change it, to write it and to send it. */
    private static final int REWRITE = 3;

    /** Counts the characters of a text that are evaluated for a unit, at least: list elements and additions of small numbers are the slowest. */
    private static final int CHARACTERS = 40;

    private final int units;
    private int left;

    Budget(int units) {
        this.units = units;
        this.left = units;
    }

    /** Returns the budget of work that has to be finished now. */
    static Budget unlimited() {
        return new Budget(Integer.MAX_VALUE);
    }

    /** Returns the cost of a visit to a row: it grows with the row's length. */
    static int visit(int bytes) {
        return VISIT + Math.max(0, bytes - SHORT_ROW) / BYTES;
    }

    /** Returns the cost, beyond beginning a device job, of writing a twin: it grows with the device's length. */
    static int rewrite(int bytes) {
        return REWRITE * Math.max(0, bytes - SHORT_ROW) / BYTES;
    }

    /** Returns what it costs, beyond a visit, to evaluate a query or a condition on a row: it grows with its number of terms. */
    static int evaluation(String text) {
        return text.length() / CHARACTERS;
    }

    /** Returns whether any of it was spent. */
    boolean isTouched() {
        return left < units;
    }

    void spend(int units) {
        left -= units;
    }

    boolean isSpent() {
        return left <= 0;
    }

    /**
     * Returns how many operations of that cost it takes to spend the rest, rounded up. So work that finds fewer to do leaves the budget
     * unspent, and knows by it that none is left.
     */
    int affords(int cost) {
        return left <= 0 ? 0 : Math.ceilDiv(left, cost);
    }
}
