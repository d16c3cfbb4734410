package io.muster.api.kafka;

import io.muster.api.artifact.Unreferenced;
import io.muster.api.job.Views;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes artifacts to which no job, run or task refers any more, a minute behind another. Each instance of the API does so for itself, and does nothing while it does not know all
 * sites. A failure is tried again the next time.
 */
public final class ArtifactSweeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ArtifactSweeper.class);
    private static final Duration INTERVAL = Duration.ofMinutes(1);

    private final KafkaArtifacts artifacts;
    private final Views views;
    private final BooleanSupplier isReady;
    private final InstantSource clock;
    private final Unreferenced unreferenced = new Unreferenced();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("artifacts").daemon().factory());

    /** Makes one; {@link #start} begins. @param isReady says whether the views are those of now */
    public ArtifactSweeper(KafkaArtifacts artifacts, Views views, BooleanSupplier isReady, InstantSource clock) {
        this.artifacts = artifacts;
        this.views = views;
        this.isReady = isReady;
        this.clock = clock;
    }

    public void start() {
        timer.scheduleWithFixedDelay(this::trySweep, INTERVAL.toSeconds(), INTERVAL.toSeconds(), TimeUnit.SECONDS);
    }

    private void trySweep() {
        try {
            sweep();
        } catch (RuntimeException e) {
            LOG.warn("Artifacts that nobody refers to were not deleted: tried again in a minute", e);
        }
    }

    /** Condemns and deletes once. */
    void sweep() {
        Optional<Set<String>> files = views.sites().files();
        if (!isReady.getAsBoolean() || files.isEmpty()) {
            return;
        }
        Set<String> referenced = new HashSet<>(files.get());
        referenced.addAll(views.pools().files());
        Unreferenced.Plan plan = unreferenced.plan(artifacts.all(), referenced, clock.instant());
        plan.condemned().forEach(artifacts::condemn);
        plan.deleted().forEach(artifact -> {
            artifacts.delete(artifact);
            LOG.info("ArtifactDeleted sha256={} bytes={}", artifact.getSha256(), artifact.getBytes());
        });
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
