package io.muster.api;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.muster.api.compute.NodeView;
import io.muster.api.job.SiteView;
import io.muster.records.WebJobRunStatus;
import java.util.Locale;
import java.util.Set;

/** Counts nodes and runs of WebJobs by their states. Every instance knows all of them. */
final class ComputeMeters {
    /** Names the states of a run that has not ended. */
    private static final Set<WebJobRunStatus> LIVING = Set.of(
            WebJobRunStatus.INITIALIZING,
            WebJobRunStatus.RUNNING,
            WebJobRunStatus.PENDING_RESTART,
            WebJobRunStatus.STOPPING);

    private ComputeMeters() {}

    /** Registers them. */
    static void register(NodeView nodes, SiteView sites, MeterRegistry meters) {
        for (NodeView.State state : NodeView.State.values()) {
            Gauge.builder("muster.nodes", nodes, view -> view.count(state))
                    .description("Compute nodes by state; every instance knows all of them")
                    .tag("state", state.name().toLowerCase(Locale.ROOT))
                    .register(meters);
        }
        Gauge.builder("muster.nodes.slots", nodes, NodeView::slots)
                .description("Slots of the nodes that take tasks; every instance knows all of them")
                .register(meters);
        Gauge.builder("muster.nodes.tasks", nodes, NodeView::tasks)
                .description(
                        "Tasks that are placed on nodes, one for each node that has it; every instance knows all of them")
                .register(meters);
        for (WebJobRunStatus status : LIVING) {
            Gauge.builder("muster.webjobs.runs", sites, view -> view.runs(status))
                    .description(
                            "Runs of WebJobs that have not ended, by state: initializing ones wait for a node; every instance knows all of them")
                    .tag("status", status.name().toLowerCase(Locale.ROOT))
                    .register(meters);
        }
    }
}
