package io.muster.processor.streamjob.topology;

import io.micrometer.core.instrument.MeterRegistry;
import io.muster.codec.Codecs;
import io.muster.processor.engine.topology.Arrivals;
import io.muster.processor.engine.topology.FailQuietly;
import io.muster.processor.engine.topology.LogEnds;
import io.muster.processor.engine.topology.Pace;
import io.muster.processor.engine.topology.StreamJobSpec;
import io.muster.processor.engine.topology.StreamJobTopology;
import io.muster.processor.format.InputFormat;
import io.muster.processor.format.OutputFormat;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobStart;
import io.muster.records.StreamPosition;
import io.muster.service.CommittedOffsets;
import io.muster.service.StreamsApplication;
import io.muster.topics.Namespace;
import io.muster.topics.RecordSizes;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs one start of a stream job, as far as this instance does: a Kafka Streams application of its own. */
final class StreamJobRun implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StreamJobRun.class);
    static final String PREFIX = Namespace.name("muster-stream-");
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

    private final long number;
    private final KafkaStreams streams;
    private final RunFailures failures;
    private final AtomicLong until;
    private final List<EndpointDelivery> deliveries;
    private final List<ReferenceFile> files;
    private final List<PassingTopic> passing;
    private final Set<String> outputs;

    /** Holds the parts that {@link #close} ends, the latest first. */
    private final Deque<AutoCloseable> opened;

    private StreamJobRun(
            long number,
            KafkaStreams streams,
            RunFailures failures,
            AtomicLong until,
            List<EndpointDelivery> deliveries,
            List<ReferenceFile> files,
            List<PassingTopic> passing,
            Set<String> outputs,
            Deque<AutoCloseable> opened) {
        this.opened = opened;
        this.outputs = outputs;
        this.passing = passing;
        this.files = files;
        this.failures = failures;
        this.deliveries = deliveries;
        this.number = number;
        this.streams = streams;
        this.until = until;
    }

    /**
     * Holds what runs of one process share.
     *
     * @param options of their applications, but for the ids
     * @param reach of their queries
     * @param ends where the logs of their inputs end
     * @param runs how many there are now
     */
    record Place(
            StreamsApplication.Options options,
            StreamJobReach reach,
            LogEnds.Known ends,
            MeterRegistry meters,
            InstantSource clock,
            IntSupplier runs) {
        private static final long SHORTEST_PACE = 50;
        private static final long PACE_OF_A_RUN = 10;

        /** Returns how many milliseconds are between two commits: all runs together commit a hundred times a second. */
        long pace() {
            return Math.max(SHORTEST_PACE, PACE_OF_A_RUN * runs.getAsInt());
        }
    }

    /** Returns the name of its group, and what its transactions and topics begin with: the number is unique to the start. */
    static String applicationId(long number) {
        return PREFIX + number;
    }

    /** Returns how many tasks of a start that was positioned write results. */
    static int tasks(StreamJobStart start) {
        return Math.max(1, start.getFromTicksByTask().size());
    }

    private static String exchange(long number) {
        return applicationId(number) + "-exchange";
    }

    /**
     * Starts a run; returns before anything is read.
     *
     * @param place where it runs
     * @param units how many threads it has
     * @param restarting is given the reason when a thread failed and is replaced
     */
    static StreamJobRun start(
            StreamJob job,
            StreamJobStart start,
            RunnableStreamJob runnable,
            Codecs codecs,
            Admin admin,
            Place place,
            int units,
            Consumer<String> restarting)
            throws ExecutionException, InterruptedException, StreamJobDefinitionException {
        Deque<AutoCloseable> opened = new ArrayDeque<>();
        try {
            return start(job, start, runnable, codecs, admin, place, units, restarting, opened);
        } catch (Throwable e) {
            // The next try begins anew: nothing of this one is left.
            opened.forEach(StreamJobRun::closeQuietly);
            throw e;
        }
    }

    private static StreamJobRun start(
            StreamJob job,
            StreamJobStart start,
            RunnableStreamJob runnable,
            Codecs codecs,
            Admin admin,
            Place place,
            int units,
            Consumer<String> restarting,
            Deque<AutoCloseable> opened)
            throws ExecutionException, InterruptedException, StreamJobDefinitionException {
        StreamsApplication.Options options = place.options();
        long number = start.getNumber();
        String streamJobId = job.getStreamJobId();
        if (runnable.merges()) {
            Map<String, String> settings = new HashMap<>(PassingTopic.SETTINGS);
            settings.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(RecordSizes.LARGEST));
            create(admin, exchange(number), tasks(start), options.replication(), settings);
        }
        Map<TopicPartition, ReferenceFile> files = referenceFiles(start, runnable, admin, place);
        List<TopicPartition> made = new ArrayList<>(files.keySet());
        List<TopicPartition> read = new ArrayList<>(made);
        for (int task = 0; runnable.merges() && task < tasks(start); task++) {
            made.add(new TopicPartition(exchange(number), task));
        }
        start.getPositions()
                .forEach(position -> read.add(new TopicPartition(position.getTopic(), position.getPartition())));
        position(admin, start, made);
        Map<String, RunnableStreamJob.Output.ToEndpoint> endpoints = endpoints(job, runnable);
        for (String topic : endpoints.keySet()) {
            create(admin, topic, 1, options.replication(), PassingTopic.SETTINGS);
        }
        LogEnds logEnds = new LogEnds(place.ends(), read);
        opened.push(logEnds);
        AtomicLong until = new AtomicLong(Long.MAX_VALUE);
        StreamJobDelay delay = new StreamJobDelay(streamJobId, number, place.meters());
        opened.push(delay);
        StreamJobSpec spec = spec(job, start, runnable, codecs, logEnds, until::get, delay::reached, place::pace);
        Map<String, Object> more = new HashMap<>(options.more());
        more.put(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, FailQuietly.class);
        more.put(StreamsConfig.POLL_MS_CONFIG, (int) Pace.POLL.toMillis()); // There may be many, and most are idle.
        StreamsApplication.Options own = new StreamsApplication.Options(
                applicationId(number), options.kafka(), options.stateDir(), units, options.replication(), more);
        KafkaStreams streams = logEnds.application(StreamJobTopology.build(spec), StreamsApplication.properties(own));
        opened.push(() -> streams.close(CLOSE_LIMIT));
        RunFailures failures = new RunFailures(streamJobId, number, restarting, place.clock(), RunFailures.PAUSE);
        streams.setUncaughtExceptionHandler(failures);
        streams.setStateListener((now, before) -> {
            failures.onChange(now, before);
            delay.running(now == KafkaStreams.State.RUNNING);
        });
        streams.start();
        List<EndpointDelivery> deliveries = new ArrayList<>();
        endpoints.forEach((topic, to) -> {
            EndpointDelivery delivery = EndpointDelivery.start(
                    to, topic, options.kafka(), place.reach().endpoints());
            opened.push(delivery);
            deliveries.add(delivery);
        });
        for (ReferenceFile file : files.values()) {
            opened.push(file);
            file.follow();
        }
        List<PassingTopic> passing = new ArrayList<>();
        endpoints.keySet().forEach(topic -> passing.add(new PassingTopic(topic, topic)));
        if (runnable.merges()) {
            passing.add(new PassingTopic(exchange(number), applicationId(number)));
        }
        return new StreamJobRun(
                number,
                streams,
                failures,
                until,
                deliveries,
                List.copyOf(files.values()),
                passing,
                spec.outputs().values().stream()
                        .map(StreamJobSpec.Output::topic)
                        .collect(Collectors.toSet()),
                opened);
    }

    private static void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            LOG.warn("A part of a stream job's run did not end well: {}", e.toString());
        }
    }

    /** Publishes files of reference data as topics of the start. @return the files by their partitions */
    private static Map<TopicPartition, ReferenceFile> referenceFiles(
            StreamJobStart start, RunnableStreamJob runnable, Admin admin, Place place)
            throws ExecutionException, InterruptedException, StreamJobDefinitionException {
        Map<TopicPartition, ReferenceFile> files = new HashMap<>();
        for (Map.Entry<String, RunnableStreamJob.Input> input :
                runnable.inputs().entrySet()) {
            if (input.getValue() instanceof RunnableStreamJob.Input.OfFile file) {
                String topic = ReferenceFile.topic(applicationId(start.getNumber()), input.getKey());
                create(admin, topic, 1, place.options().replication(), ReferenceFile.SETTINGS);
                files.put(
                        new TopicPartition(topic, 0),
                        ReferenceFile.publish(
                                place.reach().referenceFolder(),
                                file,
                                topic,
                                place.options().kafka(),
                                place.clock()));
            }
        }
        return files;
    }

    /** Returns the endpoints, by the topics in which their rows wait. */
    private static Map<String, RunnableStreamJob.Output.ToEndpoint> endpoints(
            StreamJob job, RunnableStreamJob runnable) {
        Map<String, RunnableStreamJob.Output.ToEndpoint> endpoints = new HashMap<>();
        runnable.outputs().forEach((name, output) -> {
            if (output instanceof RunnableStreamJob.Output.ToEndpoint to) {
                endpoints.put(EndpointDelivery.topic(job, name), to);
            }
        });
        return endpoints;
    }

    private static StreamJobSpec spec(
            StreamJob job,
            StreamJobStart start,
            RunnableStreamJob runnable,
            Codecs codecs,
            Arrivals arrivals,
            LongSupplier until,
            BiConsumer<Integer, Long> reached,
            LongSupplier pace)
            throws StreamJobDefinitionException {
        Map<String, Integer> partitions = new HashMap<>();
        for (StreamPosition position : start.getPositions()) {
            partitions.merge(position.getTopic(), 1, Integer::sum);
        }
        List<StreamJobSpec.Input> inputs = new ArrayList<>();
        runnable.inputs()
                .forEach((name, input) -> inputs.add(
                        switch (input) {
                            case RunnableStreamJob.Input.OfTopic of ->
                                new StreamJobSpec.Input(
                                        name,
                                        of.topic(),
                                        Formats.of(of, codecs),
                                        partitions.getOrDefault(of.topic(), 0),
                                        of.isReference());
                            case RunnableStreamJob.Input.OfFile _ ->
                                new StreamJobSpec.Input(
                                        name,
                                        ReferenceFile.topic(applicationId(start.getNumber()), name),
                                        new InputFormat.Json(),
                                        1,
                                        true);
                        }));
        Map<String, StreamJobSpec.Output> outputs = new HashMap<>();
        for (Map.Entry<String, RunnableStreamJob.Output> output :
                runnable.outputs().entrySet()) {
            outputs.put(
                    output.getKey(),
                    switch (output.getValue()) {
                        case RunnableStreamJob.Output.ToTopic to ->
                            new StreamJobSpec.Output(to.topic(), Formats.of(to, codecs), to.stopsAtErrors());
                        case RunnableStreamJob.Output.ToEndpoint to ->
                            new StreamJobSpec.Output(
                                    EndpointDelivery.topic(job, output.getKey()),
                                    new OutputFormat.ToDeliver(),
                                    to.stopsAtErrors());
                    });
        }
        return new StreamJobSpec(
                job.getStreamJobId(),
                start.getNumber(),
                runnable.query(),
                inputs,
                outputs,
                runnable.policy(),
                start.getFromTicksByTask().isEmpty()
                        ? List.of(Objects.requireNonNull(start.getFromTicks(), "the start was positioned"))
                        : start.getFromTicksByTask(),
                until,
                reached,
                runnable.merges() ? Optional.of(exchange(start.getNumber())) : Optional.empty(),
                tasks(start),
                pace,
                codecs.of(Topics.STREAM_JOB_PROGRESS),
                arrivals);
    }

    private static void create(Admin admin, String topic, int partitions, int replication, Map<String, String> settings)
            throws ExecutionException, InterruptedException {
        try {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.of((short) replication))
                            .configs(settings)))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw e;
            }
        }
    }

    /** Sets where the start begins to read, unless another instance has: it read the same positions. @param made topics of the start itself */
    private static void position(Admin admin, StreamJobStart start, List<TopicPartition> made)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        made.forEach(partition -> offsets.put(partition, 0L));
        for (StreamPosition position : start.getPositions()) {
            offsets.put(new TopicPartition(position.getTopic(), position.getPartition()), position.getOffset());
        }
        new CommittedOffsets(admin, applicationId(start.getNumber())).begin(offsets);
    }

    long number() {
        return number;
    }

    /** Returns why it can't go on; empty while it can. */
    Optional<String> failure() {
        return failures.failure();
    }

    boolean isRunning() {
        return streams.state() == KafkaStreams.State.RUNNING && !failures.isPausing();
    }

    /** Returns why an output does not take rows, or reference data are not there; empty where all is well. */
    Optional<String> trouble() {
        return Stream.concat(
                        deliveries.stream().map(EndpointDelivery::trouble),
                        files.stream().map(ReferenceFile::trouble))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** Deletes what was read of topics that only this job reads. Returns at once. */
    void purge(Admin admin) {
        passing.forEach(topic -> topic.purge(admin));
    }

    /** Returns the topics that its results go to. */
    Set<String> outputs() {
        return outputs;
    }

    /** Leaves results from this instant on to another start. @param ticks of 100 ns */
    void endAt(long ticks) {
        until.set(ticks);
    }

    /** Changes the number of threads, which keep their state. */
    void scale(int units) {
        int threads = streams.metadataForLocalThreads().size();
        for (; threads < units; threads++) {
            streams.addStreamThread();
        }
        for (; threads > units; threads--) {
            streams.removeStreamThread(CLOSE_LIMIT);
        }
    }

    @Override
    public void close() {
        opened.forEach(StreamJobRun::closeQuietly);
    }

    /** Returns whether no instance runs the start any more. */
    static boolean isOver(Admin admin, long number) throws ExecutionException, InterruptedException {
        try {
            return admin.describeConsumerGroups(List.of(applicationId(number))).all().get().values().stream()
                    .allMatch(group -> group.members().isEmpty());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return true;
            }
            throw e;
        }
    }

    /** Deletes what the start leaves in Kafka: nobody reads it any more. Rows that wait for an endpoint stay. */
    static void clean(Admin admin, long number) throws InterruptedException {
        String id = applicationId(number);
        try {
            List<String> topics = admin.listTopics().names().get().stream()
                    .filter(topic -> topic.startsWith(id + "-"))
                    .toList();
            admin.deleteTopics(topics).all().get();
            admin.deleteConsumerGroups(List.of(id)).all().get();
        } catch (ExecutionException | KafkaException e) {
            LOG.info("Topics of a start are left, start={} reason={}", number, e.toString());
        }
    }

    /**
     * Deletes the rows that wait for the endpoints of a job that is no more, whether it could be run or not. Returns at once; there may be
     * none.
     */
    static void forget(Admin admin, StreamJob job) {
        Set<String> topics = RunnableStreamJob.outputNames(job.getDefinition()).stream()
                .map(output -> EndpointDelivery.topic(job, output))
                .collect(Collectors.toSet());
        admin.deleteTopics(topics);
    }
}
