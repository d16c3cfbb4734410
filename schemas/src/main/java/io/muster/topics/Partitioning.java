package io.muster.topics;

/** Says how a topic's records are spread over its partitions, and so which of them meet in one task. */
public enum Partitioning {
    /** Spreads by the id of a job, a pool or a site, over the job partitions. */
    BY_JOB("a coordinator owns a job, a pool or a site, and everything about it, in one task"),
    /** Spreads by device id, over the device partitions; every such topic has the same number of them. */
    BY_DEVICE("the fleet owns a device's twin, connection and device jobs in one task"),
    /** Lets the writer name the device partition: the record is for the partition, not for one device. */
    EVERY_DEVICE_PARTITION("a job goes to every device partition, each of which lists its own share of the targets"),
    /** Takes the ordinal of the gateway that is meant. */
    BY_GATEWAY("a gateway reads what is for its own connections and nothing else"),
    /** Takes the number of the API instance that waits. */
    BY_API_INSTANCE("an answer goes to the instance that holds the caller's socket"),
    /** Spreads by an artifact's hash, over a number of partitions that stays: the index names offsets in them. */
    BY_ARTIFACT("an artifact's chunks are in one partition, in order"),
    /** Has no key and no order: for people and for repair. */
    ANY("read by people, in no order");

    private final String reason;

    Partitioning(String reason) {
        this.reason = reason;
    }

    /** Returns the reason in one clause. */
    public String reason() {
        return reason;
    }
}
