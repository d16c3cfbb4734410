package io.muster.api.kafka;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.muster.api.job.BatchJobView;
import io.muster.api.job.BatchPoolView;
import io.muster.api.job.CatalogView;
import io.muster.api.job.CollectionView;
import io.muster.api.job.JobView;
import io.muster.api.job.RefusedException;
import io.muster.api.job.Requests;
import io.muster.api.job.ScheduleView;
import io.muster.api.job.SiteView;
import io.muster.api.job.StreamJobView;
import io.muster.api.job.Views;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.document.IdentityId;
import io.muster.records.AuditEntry;
import io.muster.records.AutoScaleRun;
import io.muster.records.AwaitBarrier;
import io.muster.records.BatchJob;
import io.muster.records.BatchJobCommand;
import io.muster.records.BatchPool;
import io.muster.records.BatchPoolCommand;
import io.muster.records.BatchPoolGone;
import io.muster.records.CatalogCommand;
import io.muster.records.CatalogItem;
import io.muster.records.CatalogItemDeleted;
import io.muster.records.CollectionCommand;
import io.muster.records.CollectionDeleted;
import io.muster.records.CountDevices;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.DeleteCollection;
import io.muster.records.DeleteSchedule;
import io.muster.records.DeleteStreamJob;
import io.muster.records.DeviceCommand;
import io.muster.records.DeviceCounts;
import io.muster.records.DevicePage;
import io.muster.records.EvaluateBatchPoolFormula;
import io.muster.records.Expansion;
import io.muster.records.IfScheduleRevision;
import io.muster.records.Job;
import io.muster.records.JobCommand;
import io.muster.records.ListDevices;
import io.muster.records.PoolCommand;
import io.muster.records.QueryFleet;
import io.muster.records.Reply;
import io.muster.records.SaveCatalogItem;
import io.muster.records.Schedule;
import io.muster.records.ScheduleCollection;
import io.muster.records.ScheduleCommand;
import io.muster.records.ScheduleDeleted;
import io.muster.records.Site;
import io.muster.records.SiteCommand;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobDeleted;
import io.muster.registry.SchemaRegistryException;
import io.muster.service.SettingsException;
import io.muster.topics.Headers;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests as records, each with an id that its reply carries. Thread-safe. Each request is written by a virtual thread of its own:
 * encoding, the registry and the producer may block, and callers run on event loops. As many threads as requests may be outstanding.
 */
public final class KafkaRequests implements Requests, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaRequests.class);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);
    private static final Duration BLOCK_LIMIT = Duration.ofSeconds(2);
    private static final int OUTSTANDING = 10_000;
    private static final int TRIALS = 20;

    /** Holds a request that waits for its reply, or for the replies of all partitions. */
    private static final class Awaited {
        private final CompletableFuture<List<Object>> outcomes = new CompletableFuture<>();
        private final List<Object> received = new ArrayList<>();
        private final int replies;

        private Awaited(int replies) {
            this.replies = replies;
        }

        /** Takes a reply. @return whether it was the last one */
        private synchronized boolean receive(Object outcome) {
            received.add(outcome);
            return received.size() == replies;
        }

        private synchronized List<Object> all() {
            return List.copyOf(received);
        }
    }

    private final Producer<String, byte[]> producer;
    private final Codecs codecs;
    private final JobView jobs;
    private final StreamJobView streamJobs;
    private final ScheduleView schedules;
    private final CollectionView collections;
    private final CatalogView catalog;
    private final SiteView sites;
    private final BatchJobView batchJobs;
    private final BatchPoolView batchPools;
    private final Admin admin;
    private final byte[] replyTo;
    private final int devicePartitions;
    private final RecordCodec<AuditEntry> audits;
    private final Counter auditLost;
    private volatile BooleanSupplier hears = () -> false;
    private final Map<String, Awaited> outstanding = new ConcurrentHashMap<>();
    private final Semaphore auditing = new Semaphore(OUTSTANDING);
    private final ExecutorService writers = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("request-", 0).factory());

    /**
     * Connects to the brokers, and registers the schemas of all commands.
     *
     * @param properties of a Kafka client; instance the partition of the replies that are for this API
     */
    public KafkaRequests(
            Map<String, Object> properties, Codecs codecs, int instance, Views views, MeterRegistry meters) {
        this(producer(properties), Admin.create(properties), codecs, instance, views, meters);
    }

    /** Sends by a producer that exists, and registers the schemas of all commands. @param producer and admin are closed with it */
    KafkaRequests(
            Producer<String, byte[]> producer,
            Admin admin,
            Codecs codecs,
            int instance,
            Views views,
            MeterRegistry meters) {
        this.producer = producer;
        this.admin = admin;
        this.codecs = codecs;
        this.jobs = views.jobs();
        this.streamJobs = views.streamJobs();
        this.schedules = views.schedules();
        this.collections = views.collections();
        this.catalog = views.catalog();
        this.sites = views.sites();
        this.batchJobs = views.batchJobs();
        this.batchPools = views.batchPools();
        this.replyTo = Integer.toString(instance).getBytes(StandardCharsets.UTF_8);
        this.devicePartitions = partitions(Topics.EXPANSIONS);
        List.of(
                        Topics.DEVICE_COMMANDS,
                        Topics.JOB_COMMANDS,
                        Topics.STREAM_JOB_COMMANDS,
                        Topics.SCHEDULE_COMMANDS,
                        Topics.COLLECTION_COMMANDS,
                        Topics.CATALOG_COMMANDS,
                        Topics.SITE_COMMANDS,
                        Topics.BATCH_JOB_COMMANDS,
                        Topics.BATCH_POOL_COMMANDS,
                        Topics.POOL_COMMANDS,
                        Topics.AUDIT_LOG)
                .forEach(this::partitions);
        // Now: later a registry that is away would fail an answer, or the second half of one.
        List.of(
                        Topics.DEVICE_COMMANDS,
                        Topics.JOB_COMMANDS,
                        Topics.STREAM_JOB_COMMANDS,
                        Topics.SCHEDULE_COMMANDS,
                        Topics.COLLECTION_COMMANDS,
                        Topics.CATALOG_COMMANDS,
                        Topics.SITE_COMMANDS,
                        Topics.BATCH_JOB_COMMANDS,
                        Topics.BATCH_POOL_COMMANDS,
                        Topics.POOL_COMMANDS,
                        Topics.EXPANSIONS)
                .forEach(codecs::of);
        Gauge.builder("muster.api.requests.outstanding", outstanding, Map::size)
                .description("Requests that await a reply of the planner or the processor")
                .register(meters);
        this.audits = codecs.of(Topics.AUDIT_LOG);
        this.auditLost = Counter.builder("muster.api.audit.lost")
                .description("Entries of the audit log that could not be written; each is in the service's log")
                .register(meters);
        int instances = partitions(Topics.REPLIES);
        if (instance < 0 || instance >= instances) {
            close();
            throw new SettingsException("api.instance is 0 to " + (instances - 1)
                    + ", as many as replies has partitions, instance=" + instance);
        }
    }

    private static Producer<String, byte[]> producer(Map<String, Object> of) {
        Map<String, Object> properties = new HashMap<>(of);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, BLOCK_LIMIT.toMillis());
        return new KafkaProducer<>(properties, new StringSerializer(), new ByteArraySerializer());
    }

    /** Asks now, so that no request has to wait for it later. A broker that has just started may take its time. */
    private int partitions(Topic<?> topic) {
        for (int trial = 1; ; trial++) {
            try {
                return producer.partitionsFor(topic.name()).size();
            } catch (org.apache.kafka.common.errors.TimeoutException e) {
                if (trial == TRIALS) {
                    throw e;
                }
            }
        }
    }

    /** Keeps an entry, see {@code Audit}. */
    public void keep(AuditEntry entry) {
        if (!auditing.tryAcquire()) {
            lost(entry, "too many wait for the log");
            return;
        }
        writers.execute(() -> {
            try {
                write(entry);
            } finally {
                auditing.release();
            }
        });
    }

    private void write(AuditEntry entry) {
        try {
            producer.send(
                    new ProducerRecord<>(
                            Topics.AUDIT_LOG.name(),
                            entry.getSubject() == null ? entry.getPolicy() : entry.getSubject(),
                            audits.encode(entry)),
                    (_, error) -> {
                        if (error != null) {
                            lost(entry, error.toString());
                        }
                    });
        } catch (KafkaException e) {
            lost(entry, e.toString());
        }
    }

    private void lost(AuditEntry entry, String why) {
        auditLost.increment();
        LOG.error("An audit entry is lost: {} reason={}", entry, why);
    }

    @Override
    public <T> CompletableFuture<T> device(String deviceId, Object command, Class<T> outcome, Duration limit) {
        return ask(Topics.DEVICE_COMMANDS, IdentityId.deviceId(deviceId), new DeviceCommand(deviceId, command), limit)
                .thenApply(answer -> RefusedException.accepted(answer, outcome));
    }

    /** Sends one command and returns its answer. */
    private <V extends SpecificRecord> CompletableFuture<Object> ask(
            Topic<V> topic, String key, V command, Duration limit) {
        String requestId = UUID.randomUUID().toString();
        return ask(requestId, 1, () -> List.of(record(topic, null, key, command, requestId)), limit)
                .thenApply(List::getFirst);
    }

    @Override
    public CompletableFuture<Job> job(String jobId, Object command) {
        return changed(Topics.JOB_COMMANDS, jobId, new JobCommand(jobId, command, null), Job.class, jobs::put);
    }

    @Override
    public CompletableFuture<StreamJob> streamJob(String id, Object command) {
        return ask(Topics.STREAM_JOB_COMMANDS, id, new StreamJobCommand(id, command), LIMIT)
                .thenApply(this::changed);
    }

    private StreamJob changed(Object answer) {
        StreamJob job = RefusedException.accepted(answer, StreamJob.class);
        streamJobs.put(job);
        return job;
    }

    @Override
    public CompletableFuture<Optional<StreamJob>> deleteStreamJob(String id) {
        return ask(Topics.STREAM_JOB_COMMANDS, id, new StreamJobCommand(id, new DeleteStreamJob(null)), LIMIT)
                .thenApply(answer -> {
                    if (answer instanceof StreamJobDeleted) {
                        streamJobs.forget(id);
                        return Optional.empty();
                    }
                    return Optional.of(changed(answer));
                });
    }

    @Override
    public CompletableFuture<Schedule> schedule(String id, Object command) {
        return changed(Topics.SCHEDULE_COMMANDS, id, new ScheduleCommand(id, command), Schedule.class, schedules::put);
    }

    @Override
    public CompletableFuture<Void> deleteSchedule(String id, @Nullable Long ifRevision) {
        DeleteSchedule delete = new DeleteSchedule();
        return changed(
                        Topics.SCHEDULE_COMMANDS,
                        id,
                        new ScheduleCommand(
                                id, ifRevision == null ? delete : new IfScheduleRevision(ifRevision, delete)),
                        ScheduleDeleted.class,
                        _ -> schedules.forget(id))
                .thenApply(_ -> null);
    }

    @Override
    public CompletableFuture<ScheduleCollection> collection(String id, Object command) {
        return changed(
                Topics.COLLECTION_COMMANDS,
                id,
                new CollectionCommand(id, command),
                ScheduleCollection.class,
                collections::put);
    }

    @Override
    public CompletableFuture<Void> deleteCollection(String id) {
        return changed(
                        Topics.COLLECTION_COMMANDS,
                        id,
                        new CollectionCommand(id, new DeleteCollection()),
                        CollectionDeleted.class,
                        _ -> collections.forget(id))
                .thenApply(_ -> null);
    }

    @Override
    public CompletableFuture<CatalogItem> catalog(String itemId, SaveCatalogItem command) {
        return changed(
                Topics.CATALOG_COMMANDS, itemId, new CatalogCommand(itemId, command), CatalogItem.class, catalog::put);
    }

    @Override
    public CompletableFuture<Void> deleteCatalogItem(String itemId, DeleteCatalogItem command) {
        return changed(
                        Topics.CATALOG_COMMANDS,
                        itemId,
                        new CatalogCommand(itemId, command),
                        CatalogItemDeleted.class,
                        _ -> catalog.forget(itemId))
                .thenApply(_ -> null);
    }

    @Override
    public CompletableFuture<Site> site(String site, Object command) {
        return changed(Topics.SITE_COMMANDS, site, new SiteCommand(site, command, null), Site.class, sites::put);
    }

    @Override
    public <T> CompletableFuture<T> batchJob(String jobId, Object command, Class<T> outcome) {
        return changed(
                Topics.BATCH_JOB_COMMANDS,
                jobId.toLowerCase(Locale.ROOT),
                new BatchJobCommand(jobId, command, null),
                outcome,
                answer -> {
                    if (answer instanceof BatchJob job) {
                        batchJobs.put(job);
                    }
                });
    }

    @Override
    public CompletableFuture<Optional<BatchPool>> batchPool(String poolId, Object command) {
        String key = poolId.toLowerCase(Locale.ROOT);
        return ask(Topics.BATCH_POOL_COMMANDS, key, new BatchPoolCommand(poolId, command), LIMIT)
                .thenApply(answer -> {
                    if (answer instanceof BatchPoolGone) {
                        batchPools.forget(key);
                        return Optional.empty();
                    }
                    BatchPool pool = RefusedException.accepted(answer, BatchPool.class);
                    batchPools.put(pool);
                    return Optional.of(pool);
                });
    }

    @Override
    public CompletableFuture<AutoScaleRun> evaluate(String poolId, String formula) {
        BatchPoolCommand command = new BatchPoolCommand(poolId, new EvaluateBatchPoolFormula(formula));
        return ask(Topics.BATCH_POOL_COMMANDS, poolId.toLowerCase(Locale.ROOT), command, LIMIT)
                .thenApply(answer -> RefusedException.accepted(answer, AutoScaleRun.class));
    }

    @Override
    public CompletableFuture<Void> pool(String poolId, Object command) {
        CompletableFuture<Void> written = new CompletableFuture<>();
        writers.execute(() -> {
            try {
                byte[] value = codecs.of(Topics.POOL_COMMANDS).encode(new PoolCommand(poolId, command));
                producer.send(new ProducerRecord<>(Topics.POOL_COMMANDS.name(), poolId, value), (_, error) -> {
                    if (error == null) {
                        written.complete(null);
                    } else {
                        notWritten(written, error);
                    }
                });
            } catch (RuntimeException e) {
                notWritten(written, e);
            }
        });
        return written;
    }

    private static void notWritten(CompletableFuture<Void> written, Exception why) {
        LOG.warn("A command to a pool could not be written, reason={}", why.toString());
        written.completeExceptionally(
                new ProblemException(Problem.unavailable("Kafka does not take the command: try again.")));
    }

    /** Has a command carried out. @param seen has a view know the outcome before the caller does */
    private <V extends SpecificRecord, T> CompletableFuture<T> changed(
            Topic<V> topic, String key, V command, Class<T> outcome, Consumer<T> seen) {
        return ask(topic, key, command, LIMIT).thenApply(answer -> {
            T accepted = RefusedException.accepted(answer, outcome);
            seen.accept(accepted);
            return accepted;
        });
    }

    @Override
    public CompletableFuture<Boolean> hasTopic(String topic) {
        return admin.listTopics()
                .names()
                .toCompletionStage()
                .thenApply(names -> names.contains(topic))
                .toCompletableFuture()
                .orTimeout(LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                .exceptionallyCompose(_ -> CompletableFuture.failedFuture(
                        new ProblemException(Problem.unavailable("Kafka can't be reached: try again."))));
    }

    /**
     * Sends the command and then asks each partition. The answer to the command says that the coordinator has obeyed, in one transaction with its
     * orders to the device partitions; they answer behind these orders. The command has taken effect even where they do not answer in time.
     */
    @Override
    public CompletableFuture<Job> jobEverywhere(String jobId, Object command) {
        return job(jobId, command)
                .thenCompose(job -> everyPartition(new AwaitBarrier())
                        .thenApply(_ -> job)
                        .exceptionallyCompose(_ -> CompletableFuture.failedFuture(new ProblemException(
                                Problem.gatewayTimeout("The job has changed, but not every partition has applied it in"
                                        + " time: read the job to see its state.")))));
    }

    @Override
    public CompletableFuture<List<DevicePage>> devices(@Nullable String after, int limit) {
        return everyPartition(new ListDevices(after, limit)).thenApply(all(DevicePage.class));
    }

    @Override
    public CompletableFuture<List<DeviceCounts>> counts() {
        return everyPartition(new CountDevices()).thenApply(all(DeviceCounts.class));
    }

    @Override
    public <T> CompletableFuture<List<T>> query(String text, @Nullable String after, int limit, Class<T> page) {
        return everyPartition(new QueryFleet(text, after, limit)).thenApply(all(page));
    }

    private static <T> Function<List<Object>, List<T>> all(Class<T> type) {
        return answers -> answers.stream()
                .map(answer -> RefusedException.accepted(answer, type))
                .toList();
    }

    private CompletableFuture<List<Object>> everyPartition(Object request) {
        String requestId = UUID.randomUUID().toString();
        return ask(
                requestId,
                devicePartitions,
                () -> IntStream.range(0, devicePartitions)
                        .mapToObj(partition -> record(
                                Topics.EXPANSIONS,
                                partition,
                                null,
                                new Expansion("", partition, devicePartitions, request),
                                requestId))
                        .toList(),
                LIMIT);
    }

    /** Sets the check that is made before each request. @param hears whether replies are heard: until then, and when they are not any more, nothing is asked */
    void heardBy(BooleanSupplier hears) {
        this.hears = hears;
    }

    /** Takes a reply. A reply that nothing waits for is dropped. Continuations run on another thread. */
    void receive(Reply reply) {
        Awaited awaited = outstanding.get(reply.getRequestId());
        if (awaited != null && awaited.receive(reply.getOutcome())) {
            writers.execute(() -> awaited.outcomes.complete(awaited.all()));
        }
    }

    /**
     * Writes the records of a request, and returns the outcomes of its replies when all of them have come.
     *
     * @param records made on the thread that writes them: making one may ask the registry
     */
    private CompletableFuture<List<Object>> ask(
            String requestId, int replies, Supplier<List<ProducerRecord<String, byte[]>>> records, Duration limit) {
        if (outstanding.size() >= OUTSTANDING) {
            return CompletableFuture.failedFuture(
                    new ProblemException(Problem.throttled("Too many requests are under way: try again in a moment.")));
        }
        if (!hears.getAsBoolean()) {
            return CompletableFuture.failedFuture(new ProblemException(
                    Problem.unavailable("Replies can't be heard yet: nothing was changed. Try again in a moment.")));
        }
        Awaited awaited = new Awaited(replies);
        outstanding.put(requestId, awaited);
        writers.execute(() -> write(awaited, records));
        return awaited.outcomes
                .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
                // At once: a stage in between would hide the timeout in another exception.
                .exceptionallyCompose(error -> CompletableFuture.failedFuture(
                        error instanceof TimeoutException ? new ProblemException(late(limit)) : error))
                .whenComplete((_, _) -> outstanding.remove(requestId));
    }

    private void write(Awaited awaited, Supplier<List<ProducerRecord<String, byte[]>>> records) {
        try {
            records.get()
                    .forEach(record -> producer.send(record, (_, error) -> {
                        if (error != null) {
                            awaited.outcomes.completeExceptionally(new ProblemException(
                                    error instanceof RecordTooLargeException
                                            ? Problem.tooLarge("The request is larger than a record of the log may be:"
                                                    + " nothing was changed. Ask for less at a time.")
                                            : Problem.unavailable(
                                                    "The log can't be written: nothing was changed. Try again.")));
                        }
                    }));
        } catch (KafkaException e) {
            awaited.outcomes.completeExceptionally(
                    new ProblemException(Problem.unavailable("The log can't be reached: nothing was changed.")));
        } catch (SchemaRegistryException e) {
            awaited.outcomes.completeExceptionally(new ProblemException(
                    Problem.unavailable("The schema registry can't be reached: nothing was changed.")));
        } catch (RuntimeException | Error e) {
            awaited.outcomes.completeExceptionally(e);
        }
    }

    /** Answers neither 500 nor 503 where the command may have taken effect: clients would repeat it. Contract: iot-hub, 1.0. */
    private static Problem late(Duration limit) {
        return Problem.gatewayTimeout("No answer came in " + limit.toSeconds() + " seconds; it may still happen.");
    }

    private <V extends SpecificRecord> ProducerRecord<String, byte[]> record(
            Topic<V> topic, @Nullable Integer partition, @Nullable String key, V value, String requestId) {
        ProducerRecord<String, byte[]> record = new ProducerRecord<>(
                topic.name(), partition, key, codecs.of(topic).encode(value));
        record.headers().add(Headers.REQUEST_ID, requestId.getBytes(StandardCharsets.UTF_8));
        record.headers().add(Headers.REPLY_TO, replyTo);
        return record;
    }

    @Override
    public void close() {
        writers.shutdownNow();
        producer.close(CLOSE_LIMIT);
        admin.close(CLOSE_LIMIT);
    }
}
