package io.muster.api;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.api.access.Audit;
import io.muster.api.access.Gate;
import io.muster.api.access.SignInLinks;
import io.muster.api.arm.Provider;
import io.muster.api.artifact.Artifacts;
import io.muster.api.compute.TaskOutputs;
import io.muster.api.credential.ApiTokens;
import io.muster.api.http.RestServer;
import io.muster.api.job.Requests;
import io.muster.api.job.Views;
import io.muster.api.surface.Surfaces;
import io.muster.api.surface.batch.Batch;
import io.muster.api.surface.batch.BatchReach;
import io.muster.api.surface.central.Central;
import io.muster.api.surface.central.CentralOptions;
import io.muster.api.surface.compute.Compute;
import io.muster.api.surface.console.Console;
import io.muster.api.surface.console.LiveReaders;
import io.muster.api.surface.iothub.GatewayTunnels;
import io.muster.api.surface.iothub.IotHub;
import io.muster.api.surface.iothub.MessageLife;
import io.muster.api.surface.scheduler.Scheduler;
import io.muster.api.surface.scheduler.SchedulerReach;
import io.muster.api.surface.schedules.Schedules;
import io.muster.api.surface.streamanalytics.StreamAnalytics;
import io.muster.api.surface.streamanalytics.StreamJobReach;
import io.muster.api.surface.webjobs.AppService;
import io.muster.api.surface.webjobs.Kudu;
import io.muster.api.surface.webjobs.UploadLimits;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Composes the surfaces: a line each, and beside the core what their routes need. */
final class ApiSurfaces {
    private ApiSurfaces() {}

    /**
     * Holds what surfaces need beside the core.
     *
     * @param gateway to which devices over WebSocket are passed on; empty where none are served
     * @param reach of stream jobs, whose inputs and outputs are tested here, and of actions of schedules
     * @param uploads of WebJobs
     * @param central limits of IoT Central's surface
     */
    record Options(
            MessageLife messageLife,
            Optional<GatewayTunnels.Options> gateway,
            StreamJobReach reach,
            UploadLimits uploads,
            CentralOptions central) {}

    private static Surfaces all(
            Gate gate, SignInLinks links, ApiTokens tokens, boolean webSockets, UploadLimits uploads) {
        return new Surfaces(List.of(
                // Before Batch: a preview takes the credentials of any surface, and has no path of Batch.
                new Schedules(gate, tokens),
                new Batch(gate),
                StreamAnalytics.surface(gate),
                Scheduler.surface(gate),
                new AppService(gate),
                Provider.unknown(gate),
                new Kudu(gate, uploads),
                new Compute(),
                new Central(gate, tokens),
                new Console(gate, links),
                new IotHub(gate, webSockets)));
    }

    /** Starts the server. @throws IOException when the port is taken or a certificate can't be used; nothing of it runs then */
    static RestServer serve(
            RestServer.Options rest,
            Options options,
            Gate gate,
            Requests requests,
            Audit audit,
            Views views,
            Artifacts artifacts,
            TaskOutputs outputs,
            PrometheusMeterRegistry meters,
            InstantSource clock)
            throws IOException {
        List<Object> beans = new ArrayList<>(List.of(
                requests,
                views.changes(),
                views.jobs(),
                views.streamJobs(),
                views.schedules(),
                views.collections(),
                views.catalog(),
                views.sites(),
                views.batchJobs(),
                views.batchPools(),
                views.nodes(),
                views.pools(),
                artifacts,
                outputs,
                options.messageLife(),
                options.reach(),
                new SchedulerReach(options.reach().endpoints(), options.reach().topics()),
                new BatchReach(options.reach().endpoints()),
                options.uploads(),
                options.central()));
        LiveReaders readers = new LiveReaders();
        beans.add(readers);
        List<AutoCloseable> owned = new ArrayList<>(List.of(readers));
        if (options.gateway().isPresent()) {
            GatewayTunnels tunnels = new GatewayTunnels(options.gateway().get());
            beans.add(tunnels);
            owned.add(tunnels);
        }
        return RestServer.start(
                rest,
                all(
                        gate,
                        new SignInLinks(clock.instant()),
                        new ApiTokens(views.catalog()),
                        options.gateway().isPresent(),
                        options.uploads()),
                gate,
                audit,
                meters,
                clock,
                beans,
                owned);
    }
}
