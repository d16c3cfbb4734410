package io.muster.service;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.muster.registry.SchemaRegistryException;
import io.muster.topics.Namespace;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the main program of a service: reads settings, starts, waits for the signal to end, closes in order. */
public final class ServiceProgram {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceProgram.class);

    /** Is the exit status when the service can't start as it is configured. */
    public static final int UNUSABLE = 2;

    /** Is the exit status when the service can't go on and may if it is started again. */
    public static final int FAILED = 1;

    private static final AtomicBoolean FAILING = new AtomicBoolean();

    private static final Duration CLOSE_LIMIT = Duration.ofMinutes(1);

    /** Builds and starts a service. */
    @FunctionalInterface
    public interface Start {
        /** Starts the service. @return ends it, in order, when closed */
        AutoCloseable start(Settings settings, PrometheusMeterRegistry meters) throws Exception;
    }

    private ServiceProgram() {}

    /**
     * Returns the settings of this process, whose {@link Namespace} is the one that {@code topics.prefix} names: to be called before any name on
     * Kafka is read.
     */
    public static Settings settings(String... args) {
        Settings settings = Settings.of(args, System.getenv());
        try {
            Namespace.use(settings.text("topics.prefix", ""));
        } catch (IllegalArgumentException e) {
            throw new SettingsException("The setting topics.prefix is wrong. " + e.getMessage());
        }
        return settings;
    }

    /**
     * Returns when the process was asked to end and the service is closed. Asked while the service starts, it is closed behind the start. Where that
     * takes longer than a minute, the process ends without. A setting that can't work ends it with {@link #UNUSABLE} and one sentence.
     */
    public static void run(String name, String[] args, Start start) throws Exception {
        run(name, args, CLOSE_LIMIT, start);
    }

    static void run(String name, String[] args, Duration closeLimit, Start start) throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(() -> {
                    asked.countDown();
                    awaitQuietly(closed, closeLimit);
                }));
        AutoCloseable service;
        try {
            service = started(name, args, start, closed);
        } catch (SettingsException | SchemaRegistryException e) {
            System.err.println(name + ": " + e.getMessage());
            System.exit(e instanceof SchemaRegistryException registry && registry.isAway() ? FAILED : UNUSABLE);
            return;
        } catch (KafkaException e) {
            System.err.println(name + ": "
                    + (e instanceof CommittedOffsets.LostException ? "" : "The brokers can't be used now: ")
                    + e.getMessage());
            System.exit(FAILED);
            return;
        }
        LOG.info("{} started", name);
        asked.await();
        try {
            service.close();
            LOG.info("{} ended", name);
        } finally {
            closed.countDown();
        }
    }

    private static AutoCloseable started(String name, String[] args, Start start, CountDownLatch closed)
            throws Exception {
        try {
            return start.start(settings(args), Meters.create(name));
        } catch (Exception | Error e) {
            closed.countDown(); // There is nothing to close.
            throw e;
        }
    }

    /**
     * Ends the process with {@link #FAILED}, for whoever started it to start it again: in order, or, where that takes longer than a minute,
     * at once. Returns at once.
     */
    public static void fail(String reason) {
        fail(reason, CLOSE_LIMIT);
    }

    static void fail(String reason, Duration closeLimit) {
        if (!FAILING.compareAndSet(false, true)) {
            return;
        }
        LOG.error("The process ends, to be started again: {}", reason);
        Thread.ofPlatform().name("fail").start(() -> System.exit(FAILED));
        Thread.ofPlatform().daemon().name("fail-at-last").start(() -> {
            try {
                Thread.sleep(closeLimit);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            Runtime.getRuntime().halt(FAILED);
        });
    }

    private static void awaitQuietly(CountDownLatch closed, Duration limit) {
        try {
            if (!closed.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.error("The service is not closed within {}: the process ends without", limit);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
