package io.muster.processor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.muster.codec.Codecs;
import io.muster.codec.PoisonRecords;
import io.muster.records.DeadLetter;
import io.muster.records.DeleteStreamJob;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.DeviceJobCounts;
import io.muster.records.DeviceJobDelivered;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobEvents;
import io.muster.records.DeviceJobStatus;
import io.muster.records.ExpansionCompleted;
import io.muster.records.JobStatistics;
import io.muster.records.OutputStartMode;
import io.muster.records.PositionStreamJob;
import io.muster.records.PutStreamJob;
import io.muster.records.ReportStreamJobFailed;
import io.muster.records.StartStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamPosition;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.service.Traces;
import io.muster.service.state.Documents;
import io.muster.service.state.StoreSpec;
import io.muster.service.topology.ApplicationSpec;
import io.muster.topics.PartitionCounts;
import io.muster.topics.ServiceTopics;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyDescription;
import org.apache.kafka.streams.TopologyTestDriver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessorTopologyTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");

    private final InMemorySchemaRegistry registry = new InMemorySchemaRegistry();
    private final Codecs codecs = new Codecs(registry);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final TopologyTestDriver driver = new TopologyTestDriver(
            ProcessorTopology.build(registry, new PartitionCounts(1, 1, 1, 1), Documents.NONE, meters, Traces.off()),
            properties(),
            NOW);
    private final TestInputTopic<String, byte[]> events =
            driver.createInputTopic(Topics.DEVICE_JOB_EVENTS.name(), new StringSerializer(), new ByteArraySerializer());
    private final TestOutputTopic<String, JobStatistics> statistics = driver.createOutputTopic(
            Topics.JOB_STATISTICS.name(), new StringDeserializer(), codecs.of(Topics.JOB_STATISTICS));

    private static Properties properties() {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
        return properties;
    }

    @AfterEach
    void close() {
        driver.close();
    }

    private static DeviceJobEvent of(String deviceId, @Nullable DeviceJobStatus previous, Object event) {
        return new DeviceJobEvent(deviceId, previous, NOW, event, null);
    }

    private void event(String deviceId, @Nullable DeviceJobStatus previous, Object event) {
        write(null, of(deviceId, previous, event));
    }

    private void expanded(long deviceCount) {
        write(new ExpansionCompleted(0, 1, deviceCount));
    }

    private void write(@Nullable ExpansionCompleted expansion, DeviceJobEvent... some) {
        events.pipeInput(
                "job",
                codecs.of(Topics.DEVICE_JOB_EVENTS)
                        .encode(new DeviceJobEvents("job", jobNumber, NOW, List.of(some), expansion)));
    }

    private long jobNumber = 7;

    /** Writes records that no service of ours writes into every topic that the processor reads: each is a dead letter or counts. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void goesOnBehindRecordsThatCannotBeTaken(long seed) {
        PoisonRecords poison = new PoisonRecords(registry, seed);
        for (int i = 0; i < 500; i++) {
            for (Topic<?> topic : List.of(Topics.DEVICE_JOB_EVENTS, Topics.JOB_TALLIES, Topics.STREAM_JOB_COMMANDS)) {
                PoisonRecords.Poison record = poison.next(topic);
                driver.createInputTopic(topic.name(), new StringSerializer(), new ByteArraySerializer())
                        .pipeInput(record.key(), record.value());
            }
            if (i % 25 == 0) {
                driver.advanceWallClockTime(Duration.ofHours(7));
            }
        }
        pause();
        while (!statistics.isEmpty()) {
            statistics.readValue();
        }
        event("a", null, new DeviceJobDelivered());
        event("a", DeviceJobStatus.RUNNING, new DeviceJobCompleted(null, null));
        expanded(1);
        pause();
        assertThat(statistics.readValuesToList().getLast())
                .isEqualTo(new JobStatistics(
                        "job", new DeviceJobCounts(1L, 0L, 0L, 1L, 0L, 0L), 1, 1, NOW, jobNumber, List.of(1L)));
    }

    /** Keeps the topic of progress from growing with jobs that are gone. */
    @Test
    void deletesTheProgressOfAStreamJobsTasksWithTheJob() {
        TestInputTopic<String, byte[]> commands = driver.createInputTopic(
                Topics.STREAM_JOB_COMMANDS.name(), new StringSerializer(), new ByteArraySerializer());
        TestOutputTopic<String, byte[]> progress = driver.createOutputTopic(
                Topics.STREAM_JOB_PROGRESS.name(), new StringDeserializer(), new ByteArrayDeserializer());
        TestOutputTopic<String, StreamJob> jobs = driver.createOutputTopic(
                Topics.STREAM_JOBS.name(), new StringDeserializer(), codecs.of(Topics.STREAM_JOBS));
        Consumer<Object> command = of ->
                commands.pipeInput("s", codecs.of(Topics.STREAM_JOB_COMMANDS).encode(new StreamJobCommand("s", of)));
        LongSupplier start = () -> {
            command.accept(new StartStreamJob(OutputStartMode.JOB_START_TIME, null));
            return jobs.readValuesToList().getLast().getCurrent().getNumber();
        };
        command.accept(new PutStreamJob(StreamJobDefinition.newBuilder().build(), null));
        List<StreamPosition> positions = IntStream.range(0, 5)
                .mapToObj(partition -> new StreamPosition("in", partition, 0L))
                .toList();
        long first = start.getAsLong();
        command.accept(new PositionStreamJob(first, 7L, positions, List.of(), List.of()));
        command.accept(new ReportStreamJobFailed(first, "a cast"));
        long second = start.getAsLong();
        command.accept(new PositionStreamJob(second, 7L, positions.subList(0, 1), List.of(), List.of(7L, 7L, 7L)));
        command.accept(new ReportStreamJobFailed(second, "a cast"));
        for (int starts = 0; starts < 30; starts++) {
            command.accept(new ReportStreamJobFailed(start.getAsLong(), "there is no topic in"));
        }
        assertThat(progress.isEmpty()).isTrue();
        command.accept(new DeleteStreamJob(null));
        List<KeyValue<String, byte[]>> written = progress.readKeyValuesToList();
        assertThat(written).allSatisfy(record -> assertThat(record.value).isNull());
        assertThat(written)
                .extracting(record -> record.key)
                .doesNotHaveDuplicates()
                .contains("s -5", "s -4", "s -3", "s -2", "s -1", "s 0", "s 1", "s 2", "s 3", "s 4");
    }

    /** Holds the declaration from which access lists of a cluster are made. */
    @Test
    void readsAndWritesOnlyWhatItsAccessListOpens() {
        Set<String> read = new TreeSet<>();
        Set<String> written = new TreeSet<>();
        ProcessorTopology.build(registry, new PartitionCounts(1, 1, 1, 1), Documents.NONE, meters, Traces.off())
                .describe()
                .subtopologies()
                .forEach(part -> part.nodes().forEach(node -> {
                    if (node instanceof TopologyDescription.Source source) {
                        read.addAll(source.topicSet());
                    } else if (node instanceof TopologyDescription.Sink sink) {
                        written.add(sink.topic());
                    }
                }));
        assertThat(ServiceTopics.PROCESSOR.read()).extracting(Topic::name).containsAll(read);
        assertThat(ServiceTopics.PROCESSOR.written()).extracting(Topic::name).containsAll(written);
    }

    /** Lets time pass in which nothing happens, so that the commit batch ends. */
    private void pause() {
        driver.advanceWallClockTime(Duration.ofMillis(5));
        driver.advanceWallClockTime(Duration.ofMillis(5));
    }

    @Test
    void writesOneRecordACommitBatch() {
        for (int i = 0; i < 100; i++) {
            event("d" + i, null, new DeviceJobDelivered(1, 0));
        }
        expanded(100);
        event("d1", DeviceJobStatus.RUNNING, new DeviceJobCompleted(200, "null"));
        pause();
        List<JobStatistics> written = statistics.readValuesToList();
        assertThat(written)
                .containsExactly(new JobStatistics(
                        "job", new DeviceJobCounts(100L, 0L, 99L, 1L, 0L, 0L), 1, 1, NOW, 7L, List.of(100L)));
        pause();
        assertThat(statistics.readValuesToList()).isEmpty();
    }

    @Test
    void countsALaterJobOfTheSameIdByItself() {
        event("d", null, new DeviceJobDelivered(1, 0));
        expanded(1);
        jobNumber = 9;
        event("e", null, new DeviceJobDelivered(1, 0));
        jobNumber = 7;
        event("d", DeviceJobStatus.RUNNING, new DeviceJobCompleted(200, "null"));
        pause();
        JobStatistics latest = statistics.readValuesToList().getLast();
        assertThat(latest.getJobNumber()).isEqualTo(9);
        assertThat(latest.getPartitionsExpanded()).isZero();
        assertThat(latest.getCounts()).isEqualTo(new DeviceJobCounts(1L, 0L, 1L, 0L, 0L, 0L));
    }

    @Test
    void dropsTalliesOlderThanJobRetention() {
        event("d", null, new DeviceJobDelivered(1, 0));
        pause();
        statistics.readValuesToList();
        driver.advanceWallClockTime(Duration.ofDays(32));
        assertThat(statistics.readKeyValue().value).isNull();
    }

    private List<DeadLetter> deadLetters() {
        return driver.createOutputTopic(
                        Topics.DEAD_LETTERS.name(), new StringDeserializer(), codecs.of(Topics.DEAD_LETTERS))
                .readValuesToList();
    }

    @Test
    void deadLettersARecordThatCannotBeReadWithItsPositionAndCountsTheNext() {
        byte[] unreadable = "no event".getBytes(StandardCharsets.UTF_8);
        event("d", null, new DeviceJobDelivered(1, 0));
        events.pipeInput("some key", unreadable);
        events.pipeInput("some key", (byte[]) null);
        event("e", null, new DeviceJobDelivered(1, 0));
        pause();
        assertThat(statistics.readValue().getCounts().getRunning()).isEqualTo(2);
        List<DeadLetter> letters = deadLetters();
        assertThat(letters)
                .extracting(DeadLetter::getTopic, DeadLetter::getPartition, DeadLetter::getOffset, DeadLetter::getAt)
                .containsExactly(
                        tuple(Topics.DEVICE_JOB_EVENTS.name(), 0, 1L, NOW),
                        tuple(Topics.DEVICE_JOB_EVENTS.name(), 0, 2L, NOW));
        assertThat(letters)
                .extracting(DeadLetter::getReason)
                .containsExactly(
                        "not in the Confluent wire format: it starts with a zero byte and a schema number, length=8",
                        "an event has a value");
        assertThat(letters).extracting(DeadLetter::getService).containsOnly("stream-processor-service");
        assertThat(letters.getFirst().getKey()).isEqualTo(ByteBuffer.wrap("some key".getBytes(StandardCharsets.UTF_8)));
        assertThat(letters.getFirst().getValue()).isEqualTo(ByteBuffer.wrap(unreadable));
    }

    @Test
    void deadLettersAnEventThatCannotHaveHappened() {
        event("d", DeviceJobStatus.RUNNING, new DeviceJobCompleted(200, "null"));
        event("e", null, new DeviceJobDelivered(1, 0));
        pause();
        assertThat(statistics.readValue().getCounts().getRunning()).isEqualTo(1);
        assertThat(deadLetters())
                .extracting(DeadLetter::getReason)
                .containsExactly("event 1 of 1: no device job of job is RUNNING");
    }

    @Test
    void deadLettersTheImpossibleEventOfABatchAlone() {
        DeviceJobEvent impossible = of("b", DeviceJobStatus.RUNNING, new DeviceJobCompleted(200, "null"));
        write(
                new ExpansionCompleted(0, 1, 2L),
                impossible,
                of("a", null, new DeviceJobDelivered(1, 0)),
                of("a", DeviceJobStatus.RUNNING, new DeviceJobCompleted(200, "null")),
                of("c", null, new DeviceJobDelivered(1, 0)));
        pause();
        assertThat(statistics.readValue())
                .isEqualTo(new JobStatistics(
                        "job", new DeviceJobCounts(2L, 0L, 1L, 1L, 0L, 0L), 1, 1, NOW, 7L, List.of(2L)));
        assertThat(deadLetters()).singleElement().satisfies(letter -> {
            assertThat(letter.getReason()).isEqualTo("event 1 of 4: no device job of job is RUNNING");
            assertThat(codecs.of(Topics.DEVICE_JOB_EVENTS)
                            .decode(letter.getValue().array()))
                    .isEqualTo(new DeviceJobEvents("job", 7L, NOW, List.of(impossible), null));
        });
    }

    @Test
    void countsTheEventsOfABatchWhoseExpansionMakesNoSense() {
        write(new ExpansionCompleted(0, 5, 1L), of("a", null, new DeviceJobDelivered(1, 0)));
        pause();
        JobStatistics counted = statistics.readValue();
        assertThat(counted.getCounts().getRunning()).isEqualTo(1);
        assertThat(counted.getPartitionsExpanded()).isZero();
        assertThat(deadLetters()).singleElement().satisfies(letter -> {
            assertThat(letter.getReason()).isEqualTo("the expansion: there are 1 device partitions and not 5");
            assertThat(codecs.of(Topics.DEVICE_JOB_EVENTS)
                            .decode(letter.getValue().array()))
                    .isEqualTo(new DeviceJobEvents("job", 7L, NOW, List.of(), new ExpansionCompleted(0, 5, 1L)));
        });
    }

    @Test
    void measuresADeviceCountThatDiffersFromTheEvents() {
        event("d", null, new DeviceJobDelivered(1, 0));
        expanded(2);
        assertThat(meters.counter("muster.statistics.discrepancies").count()).isEqualTo(1);
    }

    @Test
    void declaresEveryStoreAndEveryTopicThatItReads() {
        Set<String> stores = new TreeSet<>();
        Set<String> topics = new TreeSet<>();
        ProcessorTopology.build(registry, PartitionCounts.SMALL, Documents.NONE, meters, Traces.off())
                .describe()
                .subtopologies()
                .forEach(part -> part.nodes().forEach(node -> {
                    switch (node) {
                        case TopologyDescription.Processor processor -> stores.addAll(processor.stores());
                        case TopologyDescription.Source source -> topics.addAll(source.topicSet());
                        default -> {}
                    }
                }));
        ApplicationSpec declared = ProcessorService.declared();
        assertThat(declared.stores().stream().map(StoreSpec::name)).containsExactlyInAnyOrderElementsOf(stores);
        assertThat(declared.reads().stream().map(Topic::name)).containsExactlyInAnyOrderElementsOf(topics);
    }
}
