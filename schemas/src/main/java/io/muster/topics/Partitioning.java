package io.muster.topics;

/** How a topic's records are spread over its partitions, and so what may be joined with what in one task. */
public enum Partitioning {
    /** By job id, over the job partitions. */
    BY_JOB("the coordinator owns a job and everything about it in one task"),
    /** By device id, over the device partitions; every such topic has the same number of them. */
    BY_DEVICE("the fleet owns a device's twin, connection and device jobs in one task"),
    /** The writer names the device partition: the record is for the partition, not for one device. */
    EVERY_DEVICE_PARTITION("a job goes to every device partition, each of which lists its own share of the targets"),
    /** The partition is the ordinal of the gateway that is meant. */
    BY_GATEWAY("a gateway reads what is for its own connections and nothing else"),
    /** The partition is the number of the API instance that waits. */
    BY_API_INSTANCE("an answer goes to the instance that holds the caller's socket"),
    /** No key and no order: for people and for repair. */
    ANY("read by people, in no order");

    private final String reason;

    Partitioning(String reason) {
        this.reason = reason;
    }

    /** Why topics of this kind are partitioned so; one clause. */
    public String reason() {
        return reason;
    }
}
