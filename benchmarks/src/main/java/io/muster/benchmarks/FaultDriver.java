package io.muster.benchmarks;

import io.muster.agent.Behaviour;
import io.muster.agent.SimulatedFleet;
import io.muster.agent.Target;
import io.muster.codec.Codecs;
import io.muster.registry.ConfluentSchemaRegistry;
import io.muster.registry.RegistrySettings;
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

/**
 * Jobs over lossy devices while processes are killed, ended and paused; afterwards an auditor recounts everything. A seed decides what is
 * asked and what goes wrong, so that a run can be repeated as far as its causes go. Arguments: the folder standalone/target/muster, how
 * many devices, the first seed, how many runs. Ends with status 1 where anything was wrong.
 */
public final class FaultDriver {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final Duration SETTLED = Duration.ofSeconds(60);
    private static final int CONNECTS_A_SECOND = 500;
    private static final int MOST_JOBS = 4;
    private static final int MOST_FAULTS = 2;
    private static final int LONGEST_MS = 3000;

    private final Standalone muster;
    private final RestClient rest;
    private final Auditor auditor;
    private final int devices;

    private FaultDriver(Standalone muster, RestClient rest, Auditor auditor, int devices) {
        this.muster = muster;
        this.rest = rest;
        this.auditor = auditor;
        this.devices = devices;
    }

    public static void main(String[] args) throws Exception {
        int devices = Integer.parseInt(args[1]);
        long first = Long.parseLong(args[2]);
        int runs = Integer.parseInt(args[3]);
        int bad = 0;
        try (Standalone muster = Trial.start(args[0])) {
            RestClient rest = new RestClient(muster.options().rest(), muster.caFile(), muster.policies());
            Codecs codecs = new Codecs(new ConfluentSchemaRegistry(
                    new RegistrySettings(URI.create(muster.options().registry()), null, null, null)));
            List<String> ids = SimulatedFleet.deviceIds("fault-", devices);
            new Registrar(muster.options().kafka(), codecs, rest)
                    .register(ids, id -> "{\"place\":" + (Integer.parseInt(id.substring("fault-".length())) - 1) + "}");
            try (Auditor auditor = new Auditor(muster.options().kafka(), codecs);
                    SimulatedFleet fleet = connect(muster, ids, first, auditor)) {
                while (fleet.counters().connected() < devices) {
                    Thread.sleep(100);
                }
                FaultDriver driver = new FaultDriver(muster, rest, auditor, devices);
                for (long seed = first; seed < first + runs; seed++) {
                    List<String> wrong = driver.run(seed);
                    bad += wrong.isEmpty() ? 0 : 1;
                    wrong.stream().limit(20).forEach(sentence -> System.out.println("  WRONG " + sentence));
                }
                System.out.println(runs + " runs, " + bad + " of them wrong; devices "
                        + fleet.counters().json());
            }
        }
        System.exit(bad == 0 ? 0 : 1);
    }

    private static SimulatedFleet connect(Standalone muster, List<String> ids, long seed, Auditor auditor)
            throws IOException {
        Target target = Trial.devices(muster);
        Behaviour lossy =
                new Behaviour(Duration.ZERO, Duration.ofMillis(500), 0.02, 0.01, 0.005, false, Duration.ZERO, seed);
        return SimulatedFleet.start(target, lossy, ids, CONNECTS_A_SECOND, InstantSource.system(), auditor);
    }

    /** @return what is wrong, one sentence each */
    private List<String> run(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        List<Fault> faults = new ArrayList<>();
        for (int i = 1 + random.nextInt(MOST_FAULTS); i > 0; i--) {
            faults.add(Fault.of(random));
        }
        auditor.begin();
        Instant begin = Instant.now();
        Instant deadline = begin.plus(LIMIT);
        List<ToldJob> jobs = new ArrayList<>();
        List<CompletableFuture<Void>> clients = new ArrayList<>();
        for (int i = 1 + random.nextInt(MOST_JOBS); i > 0; i--) {
            ToldJob job =
                    new ToldJob(rest, "fault-" + seed + "-" + i, random.nextInt(3) > 0, 1 + random.nextInt(devices));
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
        List<String> wrong = new ArrayList<>();
        for (Fault fault : faults) {
            fault.happen(muster);
        }
        try {
            clients.forEach(CompletableFuture::join);
            for (ToldJob job : jobs) {
                job.end(deadline);
            }
            auditor.read(deadline);
            wrong.addAll(audited(jobs));
        } catch (AuditException e) {
            wrong.add(e.getMessage());
        } catch (java.util.concurrent.CompletionException e) {
            wrong.add(String.valueOf(e.getCause()));
        }
        System.out.printf(
                "seed %d: %.1f s, %s, jobs %s: %s%n",
                seed,
                Duration.between(begin, Instant.now()).toMillis() / 1000.0,
                faults,
                jobs.stream()
                        .map(job -> (job.isMethod() ? "method " : "twin ")
                                + job.targets()
                                + (job.cancelAcknowledged().isPresent() ? " cancelled" : ""))
                        .toList(),
                wrong.isEmpty() ? "right" : wrong.size() + " wrong");
        return wrong;
    }

    /** Statistics follow what happens, when who counts is there again: what is wrong is what stays wrong. */
    private List<String> audited(List<ToldJob> jobs) throws InterruptedException {
        Instant deadline = Instant.now().plus(SETTLED);
        while (true) {
            List<String> wrong = jobs.stream()
                    .flatMap(job -> auditor.audit(job, job.now()).stream())
                    .toList();
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
}
