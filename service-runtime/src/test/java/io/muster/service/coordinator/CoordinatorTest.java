package io.muster.service.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.codec.Codecs;
import io.muster.records.DeadLetter;
import io.muster.records.DeleteStreamJob;
import io.muster.records.OutputStartMode;
import io.muster.records.PutStreamJob;
import io.muster.records.Reply;
import io.muster.records.ScaleStreamJob;
import io.muster.records.StartStreamJob;
import io.muster.records.StopStreamJob;
import io.muster.records.StreamJob;
import io.muster.records.StreamJobCommand;
import io.muster.records.StreamJobDefinition;
import io.muster.records.StreamJobDeleted;
import io.muster.records.StreamJobEvent;
import io.muster.records.StreamJobPut;
import io.muster.records.StreamJobRefusalReason;
import io.muster.records.StreamJobRefused;
import io.muster.records.StreamJobRunning;
import io.muster.records.StreamJobStatus;
import io.muster.records.StreamJobStopped;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.registry.SchemaRegistry;
import io.muster.service.UnusableStateException;
import io.muster.service.registry.ConfluentSchemaRegistry;
import io.muster.service.registry.RegistrySettings;
import io.muster.service.state.Documents;
import io.muster.service.state.StoreSpec;
import io.muster.service.topology.ServiceTopology;
import io.muster.topics.Headers;
import io.muster.topics.PartitionCounts;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs an aggregate whose records and decider fail in each way. */
class CoordinatorTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");
    private static final byte[] UNKNOWN_SCHEMA = {0, 0, 0, 3, 77, 2, 2};
    private static final StartStreamJob START = new StartStreamJob(OutputStartMode.JOB_START_TIME, null);
    private static final byte[] GARBAGE = {1, 2, 3};

    private final InMemorySchemaRegistry known = new InMemorySchemaRegistry();
    private boolean registryAway;
    private final Codecs codecs = new Codecs(new SchemaRegistry() {
        @Override
        public int register(String subject, Schema schema) {
            return known.register(subject, schema);
        }

        @Override
        public Schema byId(int id) {
            return registryAway
                    ? new ConfluentSchemaRegistry(
                                    new RegistrySettings(URI.create("http://127.0.0.1:1"), null, null, null))
                            .byId(id)
                    : known.byId(id);
        }

        @Override
        public Registered latest(String subject) {
            return known.latest(subject);
        }
    });
    private final TopologyTestDriver driver = driver(new PartitionCounts(1, 1, 1, 1));

    private TopologyTestDriver driver(PartitionCounts counts) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test-" + UUID.randomUUID());
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
        Topology topology = new Topology();
        new ServiceTopology(
                        topology,
                        "lamp-service",
                        codecs,
                        counts,
                        new StoreSpec.Context("lamp-application", codecs, Documents.NONE))
                .coordinator(Lamps.COORDINATOR);
        return new TopologyTestDriver(topology, properties, NOW);
    }

    @AfterEach
    void close() {
        driver.close();
    }

    private static void pipe(TopologyTestDriver driver, String key, byte[] value) {
        TestInputTopic<String, byte[]> commands = driver.createInputTopic(
                Topics.STREAM_JOB_COMMANDS.name(), new StringSerializer(), new ByteArraySerializer());
        RecordHeaders headers = new RecordHeaders();
        headers.add(Headers.REQUEST_ID, "request-1".getBytes(StandardCharsets.UTF_8));
        headers.add(Headers.REPLY_TO, "0".getBytes(StandardCharsets.UTF_8));
        commands.pipeInput(new TestRecord<>(key, value, headers, NOW));
    }

    private void ask(String id, Object command) {
        pipe(driver, id, codecs.of(Topics.STREAM_JOB_COMMANDS).encode(new StreamJobCommand(id, command)));
    }

    private <V extends SpecificRecord> List<V> written(Topic<V> topic) {
        return driver
                .createOutputTopic(topic.name(), new StringDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList()
                .stream()
                .map(record -> record.value() == null ? null : codecs.of(topic).decode(record.value()))
                .toList();
    }

    private List<Object> events() {
        return written(Topics.STREAM_JOB_EVENTS).stream()
                .map(StreamJobEvent::getEvent)
                .toList();
    }

    private List<Object> replies() {
        return written(Topics.REPLIES).stream().map(Reply::getOutcome).toList();
    }

    private void isDeadLetter(String reason) {
        assertThat(written(Topics.DEAD_LETTERS)).singleElement().satisfies(letter -> {
            assertThat(letter.getReason()).contains(reason);
            assertThat(letter.getTopic()).isEqualTo(Topics.STREAM_JOB_COMMANDS.name());
            assertThat(letter.getService()).isEqualTo("lamp-service");
        });
    }

    private void nothingHappened() {
        assertThat(events()).isEmpty();
        assertThat(replies()).isEmpty();
        assertThat(written(Topics.STREAM_JOBS)).isEmpty();
    }

    /** Returns what a lamp of that fuel is put with: the fuel stands where stream jobs have their query. */
    private static StreamJobDefinition of(String fuel) {
        return StreamJobDefinition.newBuilder().setQuery(fuel).build();
    }

    private static PutStreamJob put(String fuel) {
        return new PutStreamJob(of(fuel), null);
    }

    private void goesOn() {
        ask("later", put("oil"));
        assertThat(events()).containsExactly(new StreamJobPut(of("oil")));
    }

    @Test
    void writesEventDocumentAndReply() {
        ask("lamp", put("oil"));
        ask("lamp", START);
        assertThat(events()).hasExactlyElementsOfTypes(StreamJobPut.class, StreamJobRunning.class);
        assertThat(written(Topics.STREAM_JOBS))
                .extracting(StreamJob::getStatus)
                .containsExactly(StreamJobStatus.CREATED, StreamJobStatus.RUNNING);
        assertThat(replies())
                .extracting(reply -> ((StreamJob) reply).getStatus())
                .containsExactly(StreamJobStatus.CREATED, StreamJobStatus.RUNNING);
    }

    @Test
    void repliesWithTheDocumentWhereNothingChanges() {
        ask("lamp", put("oil"));
        ask("lamp", START);
        ask("lamp", START);
        assertThat(events()).hasSize(2);
        assertThat(replies()).hasSize(3);
    }

    @Test
    void numbersEachRecordHigher() {
        ask("lamp", put("oil"));
        ask("lamp", START);
        ask("lamp", new StopStreamJob());
        assertThat(events())
                .containsExactly(new StreamJobPut(of("oil")), new StreamJobRunning(1L), new StreamJobStopped(2L));
    }

    @Test
    void repliesAndPublishesRefusals() {
        ask("none", new StopStreamJob());
        StreamJobRefused refusal = new StreamJobRefused(StreamJobRefusalReason.NOT_FOUND, "There is no such lamp.");
        assertThat(events()).containsExactly(refusal);
        assertThat(replies()).containsExactly(refusal);
        assertThat(written(Topics.STREAM_JOBS)).isEmpty();
    }

    @Test
    void removesDocumentAndStateAndRepliesThatItIsGone() {
        ask("lamp", put("oil"));
        ask("lamp", new DeleteStreamJob(null));
        assertThat(written(Topics.STREAM_JOBS)).hasSize(2).endsWith((StreamJob) null);
        assertThat(replies()).endsWith(new StreamJobDeleted());
        assertThat(driver.getKeyValueStore("lamps").get("lamp")).isNull();
    }

    @Test
    void decidesAgainWhenTheDueTimeComes() {
        ask("lamp", put("oil"));
        ask("lamp", START);
        driver.advanceWallClockTime(Lamps.BURNS.minusSeconds(1));
        assertThat(events()).hasSize(2);
        driver.advanceWallClockTime(Duration.ofSeconds(2));
        assertThat(events()).containsExactly(new StreamJobStopped(0L));
        driver.advanceWallClockTime(Lamps.BURNS);
        assertThat(events()).isEmpty();
    }

    @Test
    void goesOnWithOtherAggregatesWhenOneDueTimeFails() {
        for (String id : List.of("a", "b")) {
            ask(id, put(id.equals("a") ? Lamps.BROKEN : "oil"));
            ask(id, START);
        }
        events();
        driver.advanceWallClockTime(Lamps.BURNS.plusSeconds(1));
        assertThat(written(Topics.STREAM_JOB_EVENTS))
                .singleElement()
                .satisfies(event -> assertThat(event.getStreamJobId()).isEqualTo("b"));
        goesOn();
    }

    @Test
    void deadLettersARecordOfAnotherType() {
        pipe(driver, "lamp", GARBAGE);
        isDeadLetter("");
        nothingHappened();
        goesOn();
    }

    @Test
    void deadLettersARecordWithoutValue() {
        pipe(driver, "lamp", null);
        isDeadLetter("a command has a value");
        nothingHappened();
        goesOn();
    }

    @Test
    void deadLettersARecordOfAnUnknownSchema() {
        pipe(driver, "lamp", UNKNOWN_SCHEMA);
        isDeadLetter("");
        nothingHappened();
        goesOn();
    }

    @Test
    void deadLettersARecordWithAnotherKey() {
        pipe(driver, "other", codecs.of(Topics.STREAM_JOB_COMMANDS).encode(new StreamJobCommand("lamp", put("oil"))));
        isDeadLetter("the key is not the stream job id that the value names");
        nothingHappened();
        goesOn();
    }

    @Test
    void deadLettersARecordInAWrongPartition() {
        try (TopologyTestDriver two = driver(new PartitionCounts(2, 2, 1, 1))) {
            String elsewhere = Stream.iterate("a", id -> id + "a")
                    .filter(id -> KeyPartition.of(id, 2) == 1)
                    .findFirst()
                    .orElseThrow();
            pipe(
                    two,
                    elsewhere,
                    codecs.of(Topics.STREAM_JOB_COMMANDS).encode(new StreamJobCommand(elsewhere, put("oil"))));
            List<DeadLetter> letters = two.createOutputTopic(
                            Topics.DEAD_LETTERS.name(), new StringDeserializer(), codecs.of(Topics.DEAD_LETTERS))
                    .readValuesToList();
            assertThat(letters)
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.getReason())
                            .startsWith("the key belongs into partition 1 and the record is in 0"));
        }
    }

    @Test
    void deadLettersARecordThatMakesNoSense() {
        ask("lamp", new ScaleStreamJob(Lamps.MAKES_NO_SENSE));
        isDeadLetter("a lamp has no such units");
        nothingHappened();
        goesOn();
    }

    /** Changes nothing even where an earlier input of the same record was decided well. */
    @ParameterizedTest
    @ValueSource(ints = {Lamps.DECIDER_THROWS, Lamps.SECOND_INPUT_THROWS})
    void deadLettersARecordWhoseDeciderFailsAndChangesNothing(int units) {
        ask("lamp", put("oil"));
        events();
        replies();
        written(Topics.STREAM_JOBS);
        ask("lamp", new ScaleStreamJob(units));
        isDeadLetter("the decider has a fault");
        nothingHappened();
        assertThat(((StreamJob) driver.getKeyValueStore("lamps").get("lamp")).getStatus())
                .isEqualTo(StreamJobStatus.CREATED);
        goesOn();
    }

    @Test
    void passesOnARegistrysFailureInsteadOfADeadLetter() {
        registryAway = true;
        assertThatThrownBy(() -> pipe(driver, "lamp", UNKNOWN_SCHEMA)).hasRootCauseInstanceOf(IOException.class);
        assertThat(written(Topics.DEAD_LETTERS)).isEmpty();
        nothingHappened();
    }

    @Test
    void passesOnABrokersFailureInsteadOfADeadLetter() {
        ask("lamp", put("oil"));
        assertThatThrownBy(() -> ask("lamp", new ScaleStreamJob(Lamps.BROKER_AWAY)))
                .hasCauseInstanceOf(TimeoutException.class);
        assertThat(written(Topics.DEAD_LETTERS)).isEmpty();
    }

    @Test
    void endsTheTaskOnUnusableState() {
        ask("lamp", put("oil"));
        assertThatThrownBy(() -> ask("lamp", new ScaleStreamJob(Lamps.STATE_UNUSABLE)))
                .hasCauseInstanceOf(UnusableStateException.class);
        assertThat(written(Topics.DEAD_LETTERS)).isEmpty();
    }
}
