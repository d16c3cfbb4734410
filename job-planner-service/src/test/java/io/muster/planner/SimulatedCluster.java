package io.muster.planner;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.codec.Codecs;
import io.muster.document.IdentityId;
import io.muster.processor.ProcessorTopology;
import io.muster.records.Delivery;
import io.muster.records.DeviceCommand;
import io.muster.records.DeviceJobCancelled;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobEvents;
import io.muster.records.DeviceJobFailed;
import io.muster.records.DeviceJobQueued;
import io.muster.records.DeviceJobStatus;
import io.muster.records.DeviceReport;
import io.muster.records.ExpansionCompleted;
import io.muster.records.Job;
import io.muster.records.JobCommand;
import io.muster.records.JobStatistics;
import io.muster.records.MethodReport;
import io.muster.records.MethodReports;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.Traces;
import io.muster.service.coordinator.KeyPartition;
import io.muster.service.state.Documents;
import io.muster.service.topology.ApplicationSpec;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Queue;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * Runs the planner and the processor, each partition by itself, over a log in memory. Each partition of a topic is read in its order; which of them is
 * read next is chance. The forms of records are known here alone, so that a test speaks of devices and jobs.
 */
final class SimulatedCluster implements AutoCloseable {
    /** Is one event of a device job. @param previous null at its first event */
    record Event(
            String jobId,
            long jobNumber,
            String deviceId,
            @Nullable DeviceJobStatus previous,
            DeviceJobStatus status) {}

    /** Says that a partition has listed all targets of a job. */
    record Expanded(String jobId, int partition, long deviceCount) {}

    /** Is a partition of a topic that an application reads. */
    private record Source(TestInputTopic<String, byte[]> task, Queue<TestRecord<String, byte[]>> unread) {}

    private final Codecs codecs;
    private final PartitionCounts counts;
    private final SplittableRandom random;
    private final Map<String, Topic<?>> topics = new HashMap<>();
    private final Map<List<Object>, Source> sources = new LinkedHashMap<>();
    private final List<TopologyTestDriver> drivers = new ArrayList<>();
    private final List<Queue<Delivery>> deliveries = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private final List<Expanded> expansions = new ArrayList<>();
    private final Map<String, JobStatistics> statistics = new HashMap<>();
    private final Map<String, Job> jobs = new HashMap<>();
    private final List<String> deadLetters = new ArrayList<>();
    private Instant now = Instant.parse("2026-11-21T02:00:00Z");

    SimulatedCluster(PartitionCounts counts, SplittableRandom random) {
        this.counts = counts;
        this.random = random;
        InMemorySchemaRegistry registry = new InMemorySchemaRegistry();
        this.codecs = new Codecs(registry);
        Topics.ALL.forEach(topic -> topics.put(topic.name(), topic));
        for (int gateway = 0; gateway < counts.gateways(); gateway++) {
            deliveries.add(new ArrayDeque<>());
        }
        for (int partition = 0; partition < Math.max(counts.jobs(), counts.devices()); partition++) {
            SimpleMeterRegistry meters = new SimpleMeterRegistry();
            run(
                    partition,
                    PlannerTopology.declared(),
                    PlannerTopology.build(
                            empty(partition), registry, counts, JobLimits.NONE, Documents.NONE, meters, Traces.off()));
            run(
                    partition,
                    ProcessorTopology.declared(),
                    ProcessorTopology.build(empty(partition), registry, counts, Documents.NONE, meters, Traces.off()));
        }
    }

    private Topology empty(int partition) {
        return new PartitionTopology(partition, topic -> partitions(topics.get(topic)), this::written);
    }

    private int partitions(Topic<?> topic) {
        return counts.of(topic.partitioning());
    }

    private void run(int partition, ApplicationSpec application, Topology topology) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test-" + UUID.randomUUID());
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
        TopologyTestDriver driver = new TopologyTestDriver(topology, properties, now);
        drivers.add(driver);
        for (Topic<?> topic : application.reads()) {
            if (partition < partitions(topic)) {
                sources.put(
                        List.of(topic.name(), partition),
                        new Source(
                                driver.createInputTopic(
                                        topic.name(), new StringSerializer(), new ByteArraySerializer()),
                                new ArrayDeque<>()));
            }
        }
    }

    private void written(PartitionTopology.Written record) {
        append(
                record.topic(),
                record.partition(),
                new TestRecord<>(record.key(), record.value(), record.headers(), now));
        byte @Nullable [] value = record.value();
        if (value != null) {
            observe(record.topic(), record.partition(), value);
        }
    }

    private void append(String topic, int partition, TestRecord<String, byte[]> record) {
        @Nullable Source source = sources.get(List.of(topic, partition));
        if (source != null) {
            source.unread().add(record);
        }
    }

    private void observe(String topic, int partition, byte[] value) {
        if (topic.equals(Topics.DELIVERIES.name())) {
            deliveries
                    .get(partition)
                    .addAll(PlannerDriver.singles(codecs.of(Topics.DELIVERIES).decode(value)));
        } else if (topic.equals(Topics.DEVICE_JOB_EVENTS.name())) {
            observe(codecs.of(Topics.DEVICE_JOB_EVENTS).decode(value));
        } else if (topic.equals(Topics.JOB_STATISTICS.name())) {
            JobStatistics latest = codecs.of(Topics.JOB_STATISTICS).decode(value);
            statistics.put(latest.getJobId(), latest);
        } else if (topic.equals(Topics.JOBS.name())) {
            Job job = codecs.of(Topics.JOBS).decode(value);
            jobs.put(job.getDefinition().getJobId(), job);
        } else if (topic.equals(Topics.DEAD_LETTERS.name())) {
            deadLetters.add(codecs.of(Topics.DEAD_LETTERS).decode(value).getReason());
        }
    }

    private void observe(DeviceJobEvents batch) {
        for (DeviceJobEvent event : batch.getEvents()) {
            events.add(new Event(
                    batch.getJobId(),
                    batch.getJobNumber(),
                    event.getDeviceId(),
                    event.getPrevious(),
                    status(event.getEvent())));
        }
        @Nullable ExpansionCompleted expanded = batch.getExpansion();
        if (expanded != null) {
            expansions.add(new Expanded(batch.getJobId(), expanded.getPartition(), expanded.getDeviceCount()));
        }
    }

    private static DeviceJobStatus status(Object event) {
        return switch (event) {
            case DeviceJobQueued _ -> DeviceJobStatus.QUEUED;
            case DeviceJobDelivered _ -> DeviceJobStatus.RUNNING;
            case DeviceJobCompleted _ -> DeviceJobStatus.COMPLETED;
            case DeviceJobFailed _ -> DeviceJobStatus.FAILED;
            case DeviceJobCancelled _ -> DeviceJobStatus.CANCELLED;
            default -> throw new AssertionError(event);
        };
    }

    /** Appends a command to a job. */
    void job(String jobId, Object command) {
        append(Topics.JOB_COMMANDS, jobId, new JobCommand(jobId, command, null));
    }

    /** Appends a command to a device. */
    void device(String deviceId, Object command) {
        append(Topics.DEVICE_COMMANDS, IdentityId.deviceId(deviceId), new DeviceCommand(deviceId, command));
    }

    /** Appends a gateway's report about a device. @param correlationId comes back with the answer, if there is one */
    void report(int gateway, String run, String deviceId, Object report, @Nullable String correlationId) {
        append(
                Topics.DEVICE_REPORTS,
                IdentityId.deviceId(deviceId),
                new DeviceReport(deviceId, gateway, run, now, report, correlationId));
    }

    /** Appends a gateway's report about a method request. */
    void methodReport(int gateway, String run, String deviceId, Object report) {
        MethodReports reports = new MethodReports(List.of(new MethodReport(deviceId, report)));
        report(gateway, run, KeyPartition.of(IdentityId.deviceId(deviceId), counts.devices()), reports);
    }

    /** Appends a gateway's report to each device partition. */
    void reportToAll(int gateway, String run, Object report) {
        for (int partition = 0; partition < counts.devices(); partition++) {
            report(gateway, run, partition, report);
        }
    }

    private void report(int gateway, String run, int partition, Object report) {
        byte[] value = codecs.of(Topics.DEVICE_REPORTS).encode(new DeviceReport(null, gateway, run, now, report, null));
        append(Topics.DEVICE_REPORTS.name(), partition, new TestRecord<>(null, value, new RecordHeaders(), now));
    }

    private <V extends SpecificRecord> void append(Topic<V> topic, String key, V value) {
        append(
                topic.name(),
                KeyPartition.of(key, partitions(topic)),
                new TestRecord<>(key, codecs.of(topic).encode(value), new RecordHeaders(), now));
    }

    /** Lets some partition read its next record. @return whether there was one */
    boolean readNext() {
        List<Source> waiting = sources.values().stream()
                .filter(source -> !source.unread().isEmpty())
                .toList();
        if (waiting.isEmpty()) {
            return false;
        }
        Source source = waiting.get(random.nextInt(waiting.size()));
        source.task().pipeInput(source.unread().remove());
        return true;
    }

    /** Reads until nothing is unread. */
    void readAll() {
        while (readNext()) {
            // Reading writes.
        }
    }

    /** Lets time pass for each partition. */
    void advance(Duration duration) {
        now = now.plus(duration);
        Collections.shuffle(drivers, new Random(random.nextLong()));
        drivers.forEach(driver -> driver.advanceWallClockTime(duration));
    }

    Instant now() {
        return now;
    }

    /** Returns what a gateway has not read. */
    Queue<Delivery> deliveries(int gateway) {
        return deliveries.get(gateway);
    }

    /** Returns all events so far; those of a device job in order. */
    List<Event> events() {
        return events;
    }

    List<Expanded> expansions() {
        return expansions;
    }

    /** Returns the job as it was published last; null before. */
    @Nullable
    Job jobDocument(String jobId) {
        return jobs.get(jobId);
    }

    /** Returns the statistics as they were published last; null before. */
    @Nullable
    JobStatistics statistics(String jobId) {
        return statistics.get(jobId);
    }

    /** Returns the reasons of dead letters. */
    List<String> deadLetters() {
        return deadLetters;
    }

    @Override
    public void close() {
        drivers.forEach(TopologyTestDriver::close);
    }
}
