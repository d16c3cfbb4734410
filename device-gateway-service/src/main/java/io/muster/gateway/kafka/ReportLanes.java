package io.muster.gateway.kafka;

import io.muster.records.MethodReport;
import io.muster.topics.RecordSizes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Gathers reports of methods by device partition. One is sent at once where none is on its way; those that come before the brokers have
 * acknowledged it go together, as do those of all partitions that come within 10 ms: a broker's work is by the request and not by the report. So a lone
 * report waits for nothing, and in a flood one waits for no longer than a request is under way, or those 10 ms. For one thread.
 */
final class ReportLanes {
    /** Bounds the reports of a record: the fleet handles them in one go. */
    static final int MOST = 200;

    /** Says how long nothing is sent for idle partitions after something was, in nanoseconds. */
    static final long PAUSE = Duration.ofMillis(10).toNanos();

    /** Holds a report, and who waits for its acknowledgement. */
    record Part(int partition, MethodReport report, long bytes, CompletableFuture<Void> written) {}

    /** Sends parts as one record of a partition. */
    interface Sender {
        void send(int partition, List<Part> parts);
    }

    private static final class Lane {
        private List<Part> held = new ArrayList<>();
        private long bytes;
        private int underWay;
    }

    private final Map<Integer, Lane> lanes = new HashMap<>();
    private final Sender sender;
    private boolean hasSent;
    private long sentAt;

    ReportLanes(Sender sender) {
        this.sender = sender;
    }

    /** Holds a report; where it finds no room in its record, the record is sent before. */
    void add(Part part) {
        Lane lane = lanes.computeIfAbsent(part.partition(), _ -> new Lane());
        if (lane.held.size() >= MOST || lane.bytes + part.bytes() > RecordSizes.BATCH) {
            send(part.partition(), lane);
        }
        lane.held.add(part);
        lane.bytes += part.bytes();
    }

    /**
     * Sends what is held for partitions that have nothing under way, unless that was done within the pause.
     *
     * @param nanos of {@link System#nanoTime}
     * @return after how many nanoseconds it is to be called again, where nothing happens until then
     */
    long sendIdle(long nanos) {
        List<Map.Entry<Integer, Lane>> idle = lanes.entrySet().stream()
                .filter(entry ->
                        entry.getValue().underWay == 0 && !entry.getValue().held.isEmpty())
                .toList();
        if (idle.isEmpty()) {
            return Long.MAX_VALUE;
        }
        if (hasSent && nanos - sentAt < PAUSE) {
            return PAUSE - (nanos - sentAt);
        }
        hasSent = true;
        sentAt = nanos;
        idle.forEach(entry -> send(entry.getKey(), entry.getValue()));
        return Long.MAX_VALUE;
    }

    /** Sends what is held for the partition: something is to be written behind it. */
    void send(int partition) {
        Lane lane = lanes.get(partition);
        if (lane != null) {
            send(partition, lane);
        }
    }

    /** Notes that a record of the partition is not under way any more. */
    void ended(int partition) {
        Lane lane = lanes.get(partition);
        if (lane != null) {
            lane.underWay--;
        }
    }

    private void send(int partition, Lane lane) {
        if (!lane.held.isEmpty()) {
            List<Part> parts = lane.held;
            lane.held = new ArrayList<>();
            lane.bytes = 0;
            lane.underWay++;
            sender.send(partition, parts);
        }
    }
}
