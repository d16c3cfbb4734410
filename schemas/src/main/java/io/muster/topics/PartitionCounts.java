package io.muster.topics;

/**
 * Holds how many partitions each kind of topic has. The first two bound how far the planner spreads and can't shrink; the other two bound
 * how many gateways and API instances there can be.
 */
public record PartitionCounts(int jobs, int devices, int gateways, int apiInstances) {
    /** Suits one small machine. */
    public static final PartitionCounts SMALL = new PartitionCounts(2, 4, 8, 8);

    /** Suits a cluster of a few brokers. */
    public static final PartitionCounts CLUSTER = new PartitionCounts(6, 24, 16, 16);

    /** Counts the partitions of topics of artifacts, everywhere and for good. */
    private static final int ARTIFACTS = 4;

    public PartitionCounts {
        if (jobs < 1 || devices < 1 || gateways < 1 || apiInstances < 1) {
            throw new IllegalArgumentException("every kind of topic has a partition at least, jobs=" + jobs
                    + " devices=" + devices + " gateways=" + gateways + " apiInstances=" + apiInstances);
        }
    }

    public int of(Partitioning partitioning) {
        return switch (partitioning) {
            case BY_JOB -> jobs;
            case BY_DEVICE, EVERY_DEVICE_PARTITION -> devices;
            case BY_GATEWAY -> gateways;
            case BY_API_INSTANCE -> apiInstances;
            case BY_ARTIFACT -> ARTIFACTS;
            case ANY -> 1;
        };
    }
}
