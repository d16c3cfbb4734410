package io.muster.processor.streamjob.stream;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.codec.UndecodableRecordException;
import io.muster.processor.engine.stream.LogEnds;
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
import io.muster.service.StreamsApplication;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the stream jobs that the log says are to run, and says how they fare. Every instance runs every job: Kafka Streams shares the
 * partitions among them. What each job wants is done on a thread of its own, so that none waits for another.
 */
public final class StreamJobRunner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamJobRunner.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PURGE = Duration.ofMinutes(1);
    private static final Duration PAUSE = Duration.ofSeconds(2);
    private static final Duration REPLACEMENT_PAUSE = Duration.ofMillis(500);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

    private final Codecs codecs;
    private final StreamJobRun.Place place;
    private final StreamPositions positions;
    private final Admin admin;
    private final KafkaProducer<String, byte[]> producer;
    private final KafkaConsumer<String, byte[]> consumer;
    private final Thread thread;
    private final Map<String, StreamJob> wanted = new ConcurrentHashMap<>();
    private final Map<String, StreamJobRun> runs = new ConcurrentHashMap<>();
    private final Set<String> busy = new HashSet<>();
    private final HangingTransactions watch;
    private volatile boolean closed;

    /**
     * Makes one.
     *
     * @param options of the applications, but for their ids
     */
    public StreamJobRunner(
            StreamsApplication.Options options, StreamJobReach reach, Codecs codecs, MeterRegistry meters) {
        KafkaConnection kafka = options.kafka();
        this.codecs = codecs;
        this.positions = new StreamPositions(kafka, codecs);
        this.admin = Admin.create(kafka.clientProperties());
        this.place = new StreamJobRun.Place(
                options, reach, new LogEnds.Known(admin), meters, InstantSource.system(), runs::size);
        Map<String, Object> producing = kafka.clientProperties();
        producing.put(ProducerConfig.ACKS_CONFIG, "all");
        this.producer = new KafkaProducer<>(producing, new StringSerializer(), new ByteArraySerializer());
        Map<String, Object> consuming = kafka.clientProperties();
        consuming.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        consuming.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        this.consumer = new KafkaConsumer<>(consuming, new StringDeserializer(), new ByteArrayDeserializer());
        this.watch = HangingTransactions.watch(kafka, StreamJobRun.PREFIX, this::outputs, meters);
        this.thread = Thread.ofPlatform().name("stream-jobs").unstarted(this::follow);
    }

    private Set<String> outputs() {
        Set<String> outputs =
                runs.values().stream().flatMap(run -> run.outputs().stream()).collect(Collectors.toSet());
        outputs.add(Topics.STREAM_JOB_PROGRESS.name());
        return outputs;
    }

    /** Returns at once. */
    public StreamJobRunner start() {
        thread.start();
        return this;
    }

    private void follow() {
        List<TopicPartition> partitions = consumer.partitionsFor(Topics.STREAM_JOBS.name()).stream()
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        boolean caughtUp = false;
        Instant purged = place.clock().instant();
        while (!closed) {
            try {
                consumer.poll(POLL).forEach(this::take);
                caughtUp = caughtUp
                        || ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
                if (caughtUp) {
                    Set<String> all = new HashSet<>(wanted.keySet());
                    all.addAll(runs.keySet());
                    all.forEach(this::attend);
                }
                if (purged.plus(PURGE).isBefore(place.clock().instant())) {
                    purged = place.clock().instant();
                    runs.values().forEach(run -> run.purge(admin));
                }
            } catch (WakeupException e) {
                LOG.debug("Woken to end");
            } catch (KafkaException e) {
                LOG.warn("Stream jobs can't be read for now: {}", e.toString());
            }
        }
        consumer.close();
    }

    private void take(ConsumerRecord<String, byte[]> record) {
        try {
            if (record.value() == null) {
                @Nullable StreamJob gone = wanted.remove(record.key());
                if (gone != null) {
                    StreamJobRun.forget(admin, gone);
                }
            } else {
                wanted.put(record.key(), codecs.of(Topics.STREAM_JOBS).decode(record.value()));
            }
        } catch (UndecodableRecordException e) {
            LOG.warn("A stream job can't be read, offset={} reason={}", record.offset(), e.getMessage());
        }
    }

    /** Has a thread do what the job wants, unless one is at it or there is nothing to do. */
    private void attend(String id) {
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
                } catch (ExecutionException | KafkaException | SchemaRegistryException e) {
                    LOG.warn("A stream job has to wait, streamJobId={} reason={}", id, e.toString());
                    Thread.sleep(PAUSE);
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

    private static boolean isActive(StreamJob job) {
        return StreamJobDecider.RUNNING.contains(job.getStatus());
    }

    /** Whether it is to end, and somebody has to say when it has. */
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
                cleaned(run.number());
            }
            run = null;
        }
        if (job == null || current == null) {
            return;
        }
        long number = current.getNumber();
        if (ends(job)) {
            if (cleaned(number)) {
                tell(id, new ReportStreamJobStopped(number));
            }
        } else if (isActive(job)) {
            advance(id, job, current, run);
        }
    }

    /** Deletes what the start leaves, unless another instance still runs it. @return whether it is over */
    private boolean cleaned(long number) throws ExecutionException, InterruptedException {
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
                StreamJobDefinition definition = parse(job);
                tell(id, positions.find(job, current, definition, units(job, definition)));
            } else {
                StreamJobDefinition definition = parse(job);
                runs.put(
                        id,
                        StreamJobRun.start(
                                id,
                                current,
                                definition,
                                codecs,
                                admin,
                                place,
                                threads(job, current, definition),
                                reports(id, number)));
            }
        } catch (StreamJobDefinitionException | CommittedOffsets.LostException e) {
            tell(id, new ReportStreamJobFailed(number, String.valueOf(e.getMessage())));
        }
    }

    /** What a run that is there has to be told, and what it has come to. */
    private void follow(String id, StreamJob job, StreamJobStart current, StreamJobRun run)
            throws InterruptedException, StreamJobDefinitionException {
        long number = current.getNumber();
        @Nullable StreamJobReplacement replacement = job.getReplacement();
        if (replacement != null) {
            run.endAt(Ticks.of(replacement.getTakeOverAt()));
            if (positions.isOver(job, current, replacement.getTakeOverAt())) {
                tell(id, new ReportStreamJobReplaced(number));
            }
            Thread.sleep(REPLACEMENT_PAUSE);
        }
        if (job.getStatus() == StreamJobStatus.SCALING) {
            StreamJobDefinition definition = parse(job);
            if (replacement == null && !fits(job, current, definition)) {
                tell(id, new ReplaceStreamJob(job.getDocument(), null, null));
            }
            run.scale(threads(job, current, definition));
        }
        Optional<String> trouble = run.trouble();
        if (trouble.isPresent() && job.getStatus() == StreamJobStatus.RUNNING) {
            tell(id, new ReportStreamJobDegraded(number, trouble.get()));
        } else if (job.getStatus() != StreamJobStatus.RUNNING
                && run.isRunning()
                && (trouble.isEmpty() || job.getStatus() != StreamJobStatus.DEGRADED)) {
            tell(id, new ReportStreamJobRunning(number));
        }
    }

    private StreamJobDefinition parse(StreamJob job) throws StreamJobDefinitionException {
        return StreamJobDefinition.parse(job.getDocument(), place.reach().topics());
    }

    private static int units(StreamJob job, StreamJobDefinition definition) {
        return Optional.ofNullable(job.getStreamingUnits()).orElse(definition.units());
    }

    /** Whether the start has as many tasks as the job has units, where that is for units to say; another start has, by the same query. */
    private static boolean fits(StreamJob job, StreamJobStart current, StreamJobDefinition definition) {
        int tasks = StreamJobRun.tasks(current);
        return definition.tasks(_ -> tasks, units(job, definition)) == tasks;
    }

    /** More threads than tasks would have nothing to do. */
    private static int threads(StreamJob job, StreamJobStart current, StreamJobDefinition definition) {
        int tasks = StreamJobRun.tasks(current)
                + (definition.merges() ? current.getPositions().size() : 0);
        return Math.min(units(job, definition), tasks);
    }

    private StreamJobRun.Reports reports(String id, long number) {
        return new StreamJobRun.Reports() {
            @Override
            public void failed(String reason) {
                tell(id, new ReportStreamJobFailed(number, reason));
            }

            @Override
            public void restarting(String reason) {
                tell(id, new ReportStreamJobRestarting(number, reason));
            }
        };
    }

    /** Says it, and waits until the log has it; what comes of it is read later. */
    private void tell(String id, Object command) {
        try {
            producer.send(new ProducerRecord<>(
                            Topics.STREAM_JOB_COMMANDS.name(),
                            id,
                            codecs.of(Topics.STREAM_JOB_COMMANDS).encode(new StreamJobCommand(id, command))))
                    .get();
            Thread.sleep(POLL);
        } catch (ExecutionException e) {
            LOG.warn("A report can't be written for now, streamJobId={} reason={}", id, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed = true;
        watch.close();
        consumer.wakeup();
        try {
            thread.join(CLOSE_LIMIT);
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
