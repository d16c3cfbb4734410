package io.muster.gateway.kafka;

import io.muster.records.MethodReport;
import io.muster.topics.RecordSizes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Gathers reports of methods by device partition. One is sent at once where none is on its way; those that come before the brokers have
 * acknowledged it go together. So a lone report waits for nothing, and others wait for no longer than the producer would in any case: it
 * has one request under way. For one thread.
 */
final class ReportLanes {
    /** Bounds the reports of a record: the fleet handles them in one go. */
    static final int MOST = 200;

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

    /** Sends what is held for partitions that have nothing under way. */
    void sendIdle() {
        lanes.forEach((partition, lane) -> {
            if (lane.underWay == 0) {
                send(partition, lane);
            }
        });
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
