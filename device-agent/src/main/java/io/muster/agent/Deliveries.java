package io.muster.agent;

import java.util.Arrays;

/**
 * The rids that a device ran last, as 64-bit hashes: a device of a large simulation has no room for texts, and that two of its last 256
 * are taken for one is less likely than a broken memory cell. Not thread-safe.
 */
final class Deliveries {
    private static final int LARGEST = 256;
    private static final int SMALLEST = 4;
    private static final long OFFSET = 0xcbf29ce484222325L;
    private static final long PRIME = 0x100000001b3L;

    private long[] last = new long[SMALLEST];
    private int count;

    /** Whether it is new; from now on it isn't. */
    boolean isNew(String rid) {
        long hash = hash(rid);
        int kept = Math.min(count, last.length);
        for (int i = 0; i < kept; i++) {
            if (last[i] == hash) {
                return false;
            }
        }
        if (count == last.length && count < LARGEST) {
            last = Arrays.copyOf(last, count * 2);
        }
        last[count % last.length] = hash;
        // Past the largest size, only the place matters.
        count = count + 1 == 2 * LARGEST ? LARGEST : count + 1;
        return true;
    }

    /** FNV-1a. */
    private static long hash(String text) {
        long hash = OFFSET;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * PRIME;
        }
        return hash;
    }
}
