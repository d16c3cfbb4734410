package io.muster.processor.streamjob.topology;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.processor.engine.topology.LogEnds;
import io.muster.processor.streamjob.StreamJobDecider;
import io.muster.query.stream.Ticks;
import io.muster.records.ReplaceStreamJob;
import io.muster.records.ReportStreamJobDegraded;
import io.muster.records.ReportStreamJobFailed;
import io.muster.records.ReportStreamJobReplaced;
import io.muster.records.ReportStreamJobRestarting;
import io.muster.records.ReportStreamJobRunning;
import io.muster.records.ReportStreamJobStopped;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobReplacement;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamJobStatus;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.CommittedOffsets;
import io.muster.service.HangingTransactions;
import io.muster.service.KafkaConnection;
import io.muster.service.LogFollower;
import io.muster.service.StreamsApplication;
import io.muster.topics.RecordSizes;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.errors.TopologyException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the stream jobs that are to run by the log, and reports their states. Every instance runs every job: Kafka Streams shares the
 * partitions among them. Each job has a thread of its own for that, so that none waits for another.
 */
public final class StreamJobRunner implements LogFollower.Reader, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamJobRunner.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PURGE = Duration.ofMinutes(1);
    /** Delays a job after a failure, by as many pauses of the follower. */
    private static final int PAUSES = 10;

    private static final Duration REPLACEMENT_PAUSE = Duration.ofMillis(500);
    private static final int MOST_DOUBLINGS = 9;
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

    private final Codecs codecs;
    private final StreamJobRun.Place place;
    private final StreamPositions positions;
    private final Admin admin;
    private final Producer<String, byte[]> producer;
    private final LogFollower follower;
    private final Duration pause;
    private final Map<String, StreamJob> wanted = new ConcurrentHashMap<>();
    private final Map<String, StreamJobRun> runs = new ConcurrentHashMap<>();
    private final TaskProgress progress;
    private final Set<String> busy = new HashSet<>();
    private final HangingTransactions watch;

    /** Counts the reports about a state of a job. */
    private record Reports(@Nullable StreamJob job, int count) {}

    private final Map<String, Reports> reports = new ConcurrentHashMap<>();

    /** Keeps the compiled form of a job for all that is done of a start: to position, to run and to scale it. */
    private record Compiled(long start, RunnableStreamJob job) {}

    private final Map<String, Compiled> compiled = new ConcurrentHashMap<>();
    private Instant purged;

    /**
     * Makes one.
     *
     * @param options of the applications, but for their ids
     */
    public StreamJobRunner(
            StreamsApplication.Options options, StreamJobReach reach, Codecs codecs, MeterRegistry meters) {
        this(
                options,
                reach,
                codecs,
                meters,
                LogFollower.Source.of(options.kafka()),
                Admin.create(options.kafka().clientProperties()),
                producer(options));
    }

    /** Prepares to run jobs by a producer and an admin client that exist. @param admin and producer are closed with it */
    StreamJobRunner(
            StreamsApplication.Options options,
            StreamJobReach reach,
            Codecs codecs,
            MeterRegistry meters,
            LogFollower.Source source,
            Admin admin,
            Producer<String, byte[]> producer) {
        KafkaConnection kafka = options.kafka();
        this.codecs = codecs;
        this.progress = new TaskProgress(codecs);
        this.positions = new StreamPositions(kafka, codecs);
        this.admin = admin;
        this.place = new StreamJobRun.Place(
                options, reach, new LogEnds.Known(admin), meters, InstantSource.system(), runs::size);
        this.producer = producer;
        this.watch = HangingTransactions.watch(kafka, StreamJobRun.PREFIX, this::outputs, meters);
        this.purged = place.clock().instant();
        this.pause = source.firstPause().multipliedBy(PAUSES);
        this.follower = LogFollower.of(
                "stream-jobs", source, Set.of(Topics.STREAM_JOBS.name(), Topics.STREAM_JOB_PROGRESS.name()), this);
    }

    private static Producer<String, byte[]> producer(StreamsApplication.Options options) {
        Map<String, Object> producing = options.kafka().clientProperties();
        producing.put(ProducerConfig.ACKS_CONFIG, "all");
        producing.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, RecordSizes.LARGEST_REQUEST);
        return new KafkaProducer<>(producing, new StringSerializer(), new ByteArraySerializer());
    }

    private Set<String> outputs() {
        Set<String> outputs =
                runs.values().stream().flatMap(run -> run.outputs().stream()).collect(Collectors.toSet());
        outputs.add(Topics.STREAM_JOB_PROGRESS.name());
        return outputs;
    }

    /** Begins to read the log. Returns at once. */
    public StreamJobRunner start() {
        follower.start();
        return this;
    }

    /** Returns whether it knows every job and follows the log. */
    public boolean ready() {
        return follower.ready();
    }

    @Override
    public void take(ConsumerRecord<String, byte[]> record) {
        if (record.topic().equals(Topics.STREAM_JOB_PROGRESS.name())) {
            progress.take(record);
            return;
        }
        String id = record.key();
        if (id == null) {
            throw new IllegalArgumentException("a stream job has its id as the key");
        }
        if (record.value() == null) {
            @Nullable StreamJob gone = wanted.get(id);
            if (gone != null) {
                StreamJobRun.forget(admin, gone);
            }
            wanted.remove(id);
            reports.remove(id);
            compiled.remove(id);
        } else {
            StreamJob job = codecs.of(Topics.STREAM_JOBS).decode(record.value());
            wanted.put(id, job);
            if (!isActive(job)) {
                compiled.remove(id);
            }
        }
    }

    @Override
    public void polled() {
        Set<String> all = new HashSet<>(wanted.keySet());
        all.addAll(runs.keySet());
        all.forEach(this::reconcile);
        if (purged.plus(PURGE).isBefore(place.clock().instant())) {
            purged = place.clock().instant();
            runs.values().forEach(run -> run.purge(admin));
        }
    }

    /** Starts a thread that serves the job, unless there is one or nothing is to be done. */
    private void reconcile(String id) {
        @Nullable StreamJob job = wanted.get(id);
        if (!wantsSomething(job, runs.get(id))) {
            return;
        }
        synchronized (busy) {
            if (!busy.add(id)) {
                return;
            }
        }
        Thread.ofVirtual().start(() -> {
            try {
                try {
                    serve(id, job);
                } catch (TopologyException e) {
                    fail(id, job, "The query can't be run: " + e.getMessage());
                } catch (ExecutionException | KafkaException | SchemaRegistryException e) {
                    if (wanted.get(id) == job) {
                        LOG.warn("A stream job has to wait, streamJobId={} reason={}", id, e.toString());
                        Thread.sleep(pause);
                    }
                } catch (RuntimeException | StackOverflowError e) {
                    LOG.error("A stream job can't be served, streamJobId={}", id, e);
                    fail(id, job, "It can't be served: " + e);
                    Thread.sleep(pause);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                synchronized (busy) {
                    busy.remove(id);
                }
            }
        });
    }

    private void fail(String id, @Nullable StreamJob job, String reason) throws InterruptedException {
        @Nullable StreamJobStart current = job == null ? null : job.getCurrent();
        if (job != null && current != null && isActive(job)) {
            report(id, job, new ReportStreamJobFailed(current.getNumber(), reason));
        }
    }

    private static boolean isActive(StreamJob job) {
        return StreamJobDecider.RUNNING.contains(job.getStatus());
    }

    /** Returns whether it is to end, so that its end must be reported. */
    private static boolean ends(StreamJob job) {
        return job.getStatus() == StreamJobStatus.STOPPING || job.getStatus() == StreamJobStatus.DELETING;
    }

    private static boolean wantsSomething(@Nullable StreamJob job, @Nullable StreamJobRun run) {
        if (job == null || !isActive(job)) {
            return run != null || (job != null && ends(job));
        }
        StreamJobStart current = job.getCurrent();
        return current != null
                && (run == null
                        || run.number() != current.getNumber()
                        || run.failure().isPresent()
                        || (job.getStatus() == StreamJobStatus.DEGRADED)
                                != run.trouble().isPresent()
                        || (job.getStatus() != StreamJobStatus.RUNNING && job.getStatus() != StreamJobStatus.DEGRADED)
                        || job.getReplacement() != null);
    }

    private void serve(String id, @Nullable StreamJob job) throws ExecutionException, InterruptedException {
        @Nullable StreamJobRun run = runs.get(id);
        @Nullable StreamJobStart current = job == null ? null : job.getCurrent();
        if (run != null && (job == null || current == null || !isActive(job) || run.number() != current.getNumber())) {
            run.close();
            runs.remove(id);
            if (job == null || !ends(job)) {
                cleanUp(run.number());
            }
            run = null;
        }
        if (job == null || current == null) {
            return;
        }
        long number = current.getNumber();
        if (ends(job)) {
            if (cleanUp(number)) {
                report(id, job, new ReportStreamJobStopped(number));
            }
        } else if (isActive(job)) {
            advance(id, job, current, run);
        }
    }

    /** Deletes topics and groups of the start, unless another instance still runs it. @return whether it is over */
    private boolean cleanUp(long number) throws ExecutionException, InterruptedException {
        boolean over = StreamJobRun.isOver(admin, number);
        if (over) {
            StreamJobRun.clean(admin, number);
        }
        return over;
    }

    private void advance(String id, StreamJob job, StreamJobStart current, @Nullable StreamJobRun run)
            throws ExecutionException, InterruptedException {
        long number = current.getNumber();
        try {
            if (run != null) {
                follow(id, job, current, run);
            } else if (current.getFromTicks() == null) {
                RunnableStreamJob runnable = compiled(id, job, current);
                report(
                        id,
                        job,
                        positions.find(job, current, runnable, units(job, runnable), () -> wanted.get(id) != job));
            } else {
                RunnableStreamJob runnable = compiled(id, job, current);
                runs.put(
                        id,
                        StreamJobRun.start(
                                job,
                                current,
                                runnable,
                                codecs,
                                admin,
                                place,
                                threads(job, current, runnable),
                                reason -> send(id, new ReportStreamJobRestarting(number, reason))));
            }
        } catch (StreamJobDefinitionException | CommittedOffsets.LostException e) {
            report(id, job, new ReportStreamJobFailed(number, String.valueOf(e.getMessage())));
        }
    }

    /** Passes changes of the job on to its run, and reports the state of the run. */
    private void follow(String id, StreamJob job, StreamJobStart current, StreamJobRun run)
            throws InterruptedException, StreamJobDefinitionException {
        long number = current.getNumber();
        @Nullable StreamJobReplacement replacement = job.getReplacement();
        if (replacement != null) {
            run.endAt(Ticks.of(replacement.getTakeOverAt()));
            if (progress.isBeyond(id, current, replacement.getTakeOverAt())) {
                report(id, job, new ReportStreamJobReplaced(number));
            }
            Thread.sleep(REPLACEMENT_PAUSE);
        }
        if (job.getStatus() == StreamJobStatus.SCALING) {
            RunnableStreamJob runnable = compiled(id, job, current);
            if (replacement == null && !fits(job, current, runnable)) {
                report(id, job, new ReplaceStreamJob(job.getDefinition(), null, null));
            }
            run.scale(threads(job, current, runnable));
        }
        Optional<String> failure = run.failure();
        if (failure.isPresent()) {
            report(id, job, new ReportStreamJobFailed(number, failure.get()));
            return;
        }
        Optional<String> trouble = run.trouble();
        if (trouble.isPresent() && job.getStatus() == StreamJobStatus.RUNNING) {
            report(id, job, new ReportStreamJobDegraded(number, trouble.get()));
        } else if (job.getStatus() != StreamJobStatus.RUNNING
                && run.isRunning()
                && (trouble.isEmpty() || job.getStatus() != StreamJobStatus.DEGRADED)) {
            report(id, job, new ReportStreamJobRunning(number));
        }
    }

    /** Returns the compiled form of the job, which is compiled once for a start. */
    private RunnableStreamJob compiled(String id, StreamJob job, StreamJobStart current)
            throws StreamJobDefinitionException {
        @Nullable Compiled known = compiled.get(id);
        if (known != null && known.start() == current.getNumber()) {
            return known.job();
        }
        RunnableStreamJob runnable = RunnableStreamJob.compile(job.getDefinition(), place.reach());
        compiled.put(id, new Compiled(current.getNumber(), runnable));
        return runnable;
    }

    private static int units(StreamJob job, RunnableStreamJob runnable) {
        return Optional.ofNullable(job.getStreamingUnits()).orElse(runnable.units());
    }

    /** Returns whether the start has as many tasks as the job has units, where units decide that; if not, another start of the same query has. */
    private static boolean fits(StreamJob job, StreamJobStart current, RunnableStreamJob runnable) {
        int tasks = StreamJobRun.tasks(current);
        return runnable.tasks(_ -> tasks, units(job, runnable)) == tasks;
    }

    /** Returns how many threads the run has: more than tasks would have nothing to do. */
    private static int threads(StreamJob job, StreamJobStart current, RunnableStreamJob runnable) {
        int tasks = StreamJobRun.tasks(current)
                + (runnable.merges() ? current.getPositions().size() : 0);
        return Math.min(units(job, runnable), tasks);
    }

    /**
     * Sends a report, and waits until the job changes; each time longer, if it does not change. So reports about a job that its coordinator does
     * not know cost little.
     */
    private void report(String id, @Nullable StreamJob job, Object command) throws InterruptedException {
        send(id, command);
        int count = reports.merge(
                        id,
                        new Reports(job, 1),
                        (known, first) -> known.job() == job ? new Reports(job, known.count() + 1) : first)
                .count();
        Instant until = place.clock().instant().plus(POLL.multipliedBy(1L << Math.min(count - 1, MOST_DOUBLINGS)));
        while (wanted.get(id) == job && place.clock().instant().isBefore(until)) {
            Thread.sleep(POLL);
        }
    }

    /** Writes a command, and returns when the log has it or refuses it: one that it does not have is sent again. */
    private void send(String id, Object command) {
        try {
            producer.send(new ProducerRecord<>(
                            Topics.STREAM_JOB_COMMANDS.name(),
                            id,
                            codecs.of(Topics.STREAM_JOB_COMMANDS).encode(new StreamJobCommand(id, command))))
                    .get();
        } catch (ExecutionException | KafkaException | SchemaRegistryException e) {
            LOG.warn("A report can't be written for now, streamJobId={} reason={}", id, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        watch.close();
        follower.close();
        try {
            Map<String, Thread> closing = new HashMap<>();
            runs.forEach((id, run) -> closing.put(id, Thread.ofVirtual().start(run::close)));
            for (Thread one : closing.values()) {
                one.join(CLOSE_LIMIT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        producer.close();
        admin.close();
    }
}
