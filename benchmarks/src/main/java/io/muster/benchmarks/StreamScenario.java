package io.muster.benchmarks;

/**
 * Lists the queries that are measured: each one query, in Muster's language and in Flink's; {@link StreamEngine} has it by hand. Both write the
 * device, the values and {@code at}, the time of the result.
 */
enum StreamScenario {
    FILTER(
            "SELECT deviceId, temperature, System.Timestamp() AS at INTO out FROM events WHERE temperature > 90",
            "SELECT deviceId, temperature, ts AS `at` FROM events WHERE temperature > 90"),
    TUMBLING(
            "SELECT deviceId, COUNT(*) AS n, AVG(temperature) AS temperature, System.Timestamp() AS at INTO out FROM events"
                    + " PARTITION BY PartitionId GROUP BY PartitionId, deviceId, TumblingWindow(second, 10)",
            "SELECT deviceId, COUNT(*) AS n, AVG(temperature) AS temperature, window_end AS `at`"
                    + " FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '10' SECOND))"
                    + " GROUP BY deviceId, window_start, window_end"),
    HOPPING(
            "SELECT deviceId, COUNT(*) AS n, AVG(temperature) AS temperature, System.Timestamp() AS at INTO out FROM events"
                    + " PARTITION BY PartitionId GROUP BY PartitionId, deviceId, HoppingWindow(second, 60, 1)",
            "SELECT deviceId, COUNT(*) AS n, AVG(temperature) AS temperature, window_end AS `at`"
                    + " FROM TABLE(HOP(TABLE events, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '60' SECOND))"
                    + " GROUP BY deviceId, window_start, window_end"),
    JOIN(
            "SELECT e.deviceId, e.temperature, l.most, System.Timestamp() AS at INTO out FROM events e PARTITION BY PartitionId"
                    + " JOIN limits l PARTITION BY PartitionId"
                    + " ON e.PartitionId = l.PartitionId AND e.deviceId = l.deviceId AND DATEDIFF(millisecond, l, e) BETWEEN 0 AND 999 WHERE e.temperature > l.most",
            "SELECT e.deviceId, e.temperature, l.most, e.ts AS `at` FROM events e, limits l WHERE e.deviceId = l.deviceId"
                    + " AND e.ts BETWEEN l.ts AND l.ts + INTERVAL '0.999' SECOND AND e.temperature > l.most");

    private final String muster;
    private final String flink;

    StreamScenario(String muster, String flink) {
        this.muster = muster;
        this.flink = flink;
    }

    /** Returns the same query without the promise that a device stays in its partition: events of all partitions come together. */
    String merging() {
        return muster.replace(" PARTITION BY PartitionId", "")
                .replace(" GROUP BY PartitionId,", " GROUP BY")
                .replace(" e.PartitionId = l.PartitionId AND", "");
    }

    String muster() {
        return muster;
    }

    String flink() {
        return flink;
    }
}
