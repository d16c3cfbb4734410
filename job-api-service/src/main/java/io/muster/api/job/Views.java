package io.muster.api.job;

import io.muster.api.compute.NodeView;
import io.muster.api.compute.PoolView;

/**
 * Holds all that an instance knows of jobs, stream jobs, schedules, the catalog, sites, jobs and pools of Batch, and pools of nodes, and the order in which it came to know of the first
 * two.
 */
public record Views(
        Changes changes,
        JobView jobs,
        StreamJobView streamJobs,
        ScheduleView schedules,
        CollectionView collections,
        CatalogView catalog,
        SiteView sites,
        BatchJobView batchJobs,
        BatchPoolView batchPools,
        PoolView pools,
        NodeView nodes) {
    /** Makes views that know nothing yet. */
    public static Views empty() {
        Changes changes = new Changes();
        return new Views(
                changes,
                new JobView(changes),
                new StreamJobView(changes),
                new ScheduleView(),
                new CollectionView(),
                new CatalogView(),
                new SiteView(),
                new BatchJobView(),
                new BatchPoolView(),
                new PoolView(),
                new NodeView());
    }
}
