package io.muster.benchmarks;

import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.codec.Codecs;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.standalone.RestClient;
import io.muster.standalone.Standalone;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Runs a Muster with lossy devices and recounts each job when it is over, with stream jobs, runs of WebJobs and a schedule beside them. For one thread. */
final class AuditedFleet implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final Duration SETTLED = Duration.ofSeconds(60);
    /** Bounds the wait for a thread of Kafka Streams, which may wait a minute for a broker that died before it begins again. */
    private static final Duration STREAMS_SETTLED = Duration.ofMinutes(3);

    private static final int CONNECTS_A_SECOND = 500;
    /** Bounds the share of devices that are connected at once, since some drop their connection all the time. */
    private static final double MOST_CONNECTED = 0.97;

    private static final int MOST_JOBS = 4;
    private static final int LONGEST_MS = 3000;
    private static final String PREFIX = "fault-";

    private final Standalone muster;
    private final RestClient rest;
    private final Auditor auditor;
    private final SimulatedFleet fleet;
    private final AuditedStreams streams;
    private final AuditedRuns runs;
    private final int devices;

    /** Does something while jobs run. */
    @FunctionalInterface
    interface Meanwhile {
        void happen() throws InterruptedException, IOException;
    }

    /** Holds jobs that ran at the same time. @param wrong one sentence each */
    record Round(List<ObservedJob> jobs, Duration length, List<String> wrong) {
        @Override
        public String toString() {
            return "%.1f s, jobs %s: %s"
                    .formatted(length.toMillis() / 1000.0, jobs, wrong.isEmpty() ? "right" : wrong.size() + " wrong");
        }
    }

    private AuditedFleet(
            Standalone muster,
            RestClient rest,
            Auditor auditor,
            SimulatedFleet fleet,
            AuditedStreams streams,
            AuditedRuns runs,
            int devices) {
        this.muster = muster;
        this.rest = rest;
        this.auditor = auditor;
        this.fleet = fleet;
        this.streams = streams;
        this.runs = runs;
        this.devices = devices;
    }

    /** Returns when nearly every device is connected. @param home the folder standalone/target/muster */
    static AuditedFleet start(String home, int devices, long seed) throws Exception {
        Standalone muster = Trial.start(home, AuditedRuns.NODES);
        RestClient rest = new RestClient(muster.options().rest(), muster.caFile(), muster.policies());
        Codecs codecs = new Codecs(new ConfluentSchemaRegistry(
                new RegistrySettings(URI.create(muster.options().registry()), null, null, null)));
        List<String> ids = SimulatedFleet.deviceIds(PREFIX, devices);
        new Registrar(muster.options().kafka(), codecs, rest)
                .register(ids, id -> "{\"place\":" + (Integer.parseInt(id.substring(PREFIX.length())) - 1) + "}");
        Auditor auditor = new Auditor(muster.options().kafka(), codecs);
        Behaviour lossy =
                new Behaviour(Duration.ZERO, Duration.ofMillis(500), 0.02, 0.01, 0.005, false, Duration.ZERO, seed);
        SimulatedFleet fleet = SimulatedFleet.start(
                Trial.devices(muster), lossy, ids, CONNECTS_A_SECOND, InstantSource.system(), auditor);
        while (fleet.counters().connected() < devices * MOST_CONNECTED) {
            Thread.sleep(100);
        }
        AuditedStreams streams = AuditedStreams.start(rest, muster.options().kafka(), seed);
        AuditedRuns runs = AuditedRuns.start(muster, rest, codecs);
        return new AuditedFleet(muster, rest, auditor, fleet, streams, runs, devices);
    }

    Standalone muster() {
        return muster;
    }

    String counters() {
        return fleet.counters().json() + "; " + runs.counters();
    }

    /**
     * Asks for one to four jobs, as the seed says, and returns when all are over and recounted.
     *
     * @param skew by how much clocks may be wrong meanwhile
     */
    Round round(String name, SplittableRandom random, Duration skew, Meanwhile meanwhile)
            throws InterruptedException, IOException {
        auditor.begin();
        Instant begin = Instant.now();
        Instant deadline = begin.plus(LIMIT);
        List<ObservedJob> jobs = new ArrayList<>();
        List<CompletableFuture<Void>> clients = new ArrayList<>();
        for (int i = 1 + random.nextInt(MOST_JOBS); i > 0; i--) {
            ObservedJob job = new ObservedJob(rest, name + "-" + i, random.nextInt(3) > 0, 1 + random.nextInt(devices));
            Duration wait = Duration.ofMillis(random.nextInt(LONGEST_MS));
            Duration cancelAfter = Duration.ofMillis(random.nextInt(LONGEST_MS));
            boolean cancels = random.nextInt(3) == 0;
            jobs.add(job);
            clients.add(client(() -> {
                Thread.sleep(wait);
                job.create(deadline);
                if (cancels) {
                    Thread.sleep(cancelAfter);
                    job.cancel(deadline);
                }
            }));
        }
        SplittableRandom ofRuns = random.split();
        clients.add(client(() -> runs.ask(ofRuns)));
        List<String> wrong = new ArrayList<>();
        meanwhile.happen();
        try {
            clients.forEach(CompletableFuture::join);
            for (ObservedJob job : jobs) {
                job.end(deadline);
            }
            auditor.read(deadline);
            wrong.addAll(audited(jobs, skew));
            wrong.addAll(streams.audit(Instant.now().plus(STREAMS_SETTLED)));
            wrong.addAll(runs.audit(Instant.now().plus(STREAMS_SETTLED)));
        } catch (AuditException e) {
            wrong.add(e.getMessage());
        } catch (CompletionException e) {
            wrong.add(String.valueOf(e.getCause()));
        }
        return new Round(jobs, Duration.between(begin, Instant.now()), wrong);
    }

    /** Recounts until nothing differs, since statistics follow events: only a lasting difference is a fault. */
    private List<String> audited(List<ObservedJob> jobs, Duration skew) throws InterruptedException {
        Instant deadline = Instant.now().plus(SETTLED);
        while (true) {
            List<String> wrong = new ArrayList<>();
            for (ObservedJob job : jobs) {
                wrong.addAll(auditor.audit(job, job.now(deadline), skew));
            }
            if (wrong.isEmpty() || Instant.now().isAfter(deadline)) {
                return wrong;
            }
            Thread.sleep(500);
            auditor.read(deadline);
        }
    }

    private interface Client {
        void run() throws InterruptedException;
    }

    private static CompletableFuture<Void> client(Client client) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        client.run();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                task -> Thread.ofVirtual().start(task));
    }

    @Override
    public void close() throws Exception {
        runs.close();
        streams.close();
        fleet.close();
        auditor.close();
        muster.close();
    }
}
