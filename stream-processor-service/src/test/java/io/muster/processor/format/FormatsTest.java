package io.muster.processor.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.codec.Codecs;
import io.muster.codec.RecordCodec;
import io.muster.processor.engine.Event;
import io.muster.query.stream.StreamQuery.Members;
import io.muster.query.stream.StreamValues;
import io.muster.query.stream.Ticks;
import io.muster.records.CreateJob;
import io.muster.records.DeviceCommand;
import io.muster.records.DeviceMethod;
import io.muster.records.InvokeMethod;
import io.muster.records.JobCommand;
import io.muster.records.SendMessage;
import io.muster.records.TwinPatch;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.topics.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads and writes records in each format. */
class FormatsTest {
    private static final long AT = Ticks.of(Instant.parse("2026-11-21T10:00:00Z"));
    private static final Members ALL = new Members(Set.of(), true);
    private final InMemorySchemaRegistry registry = new InMemorySchemaRegistry();
    private final Codecs codecs = new Codecs(registry);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<Map<String, Object>> read(InputFormat format, byte[] value) throws IOException {
        return format.read(value, ALL, 3, AT).rows();
    }

    /** Returns the first event of the content. */
    private static Event event(InputFormat.Content content) {
        return new Event(AT, content.rows().getFirst(), content.metadata());
    }

    @SafeVarargs
    private static Event row(Map.Entry<String, ?>... members) throws IOException {
        Map<String, Object> record = new LinkedHashMap<>();
        for (Map.Entry<String, ?> member : members) {
            record.put(member.getKey(), member.getValue());
        }
        return new Event(AT, record, Map.of());
    }

    @Test
    void readsNoMemberThatTheQueryDoesNotUse() throws IOException {
        Members some = new Members(Set.of("a", "PartitionId"), false);
        Event event = event(
                new InputFormat.Json().read(bytes("{\"b\":{\"c\":[1,{\"d\":2}]},\"a\":1,\"e\":\"x\"}"), some, 3, AT));
        assertThat(event.record()).isEqualTo(Map.of("a", 1L));
        assertThat(event.member("PartitionId")).isEqualTo(3L);
    }

    /** Finds columns that the service adds, which nobody can rename. */
    @Test
    void findsMetadataByNamesInAnyCase() throws IOException {
        Members some = new Members(Set.of("deviceid", "PARTITIONID", "eventenqueuedutctime"), false);
        Event event = event(new InputFormat.Json().read(bytes("{\"DeviceId\":\"a\",\"b\":1}"), some, 3, AT));
        assertThat(event.member("deviceid")).isEqualTo("a");
        assertThat(event.member("PARTITIONID")).isEqualTo(3L);
        assertThat(event.member("EVENTENQUEUEDUTCTIME")).isEqualTo(Ticks.instant(AT));
        assertThat(event.record()).isEqualTo(Map.of("DeviceId", "a"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "\"a\"",
                "{",
                "{\"b\":99999999999999999999}",
                "{\"b\":[99999999999999999999]}",
                "{\"a\":1e400}",
                "{\"b\":[-1e400]}"
            })
    void refusesAnEventWhicheverOfItsMembersIsWrong(String json) {
        Members some = new Members(Set.of("a"), false);
        assertThatThrownBy(() -> new InputFormat.Json().read(bytes(json), some, 3, AT))
                .isInstanceOf(IOException.class);
    }

    @Test
    void readsCsvAsTexts() throws IOException {
        assertThat(read(new InputFormat.Csv(';'), bytes("a;b c\n1;\"x;y\"\n2;\n")))
                .containsExactly(Map.of("a", "1", "b c", "x;y"), Map.of("a", "2", "b c", ""));
        assertThatThrownBy(() -> read(new InputFormat.Csv(';'), bytes("a;b\n1\n")))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> read(new InputFormat.Csv(';'), bytes("a;b\n"))).isInstanceOf(IOException.class);
    }

    @Test
    void writesCsvWithItsNames() throws IOException {
        Event row = row(Map.entry("a", 1L), Map.entry("b", "x,y"), Map.entry("c", StreamValues.NULL));
        OutputFormat.Written written = new OutputFormat.Csv(',', Optional.of("a")).write(row, () -> "id");
        assertThat(written.value()).asString().isEqualTo("a,b,c\n1,\"x,y\",");
        assertThat(written.key()).asString().isEqualTo("1");
        assertThat(read(new InputFormat.Csv(','), written.value()))
                .containsExactly(Map.of("a", "1", "b", "x,y", "c", ""));
    }

    private static final Schema SCHEMA = new Schema.Parser().parse("""
            {"type":"record","name":"Row","fields":[
              {"name":"k","type":["null","string"]},
              {"name":"n","type":"int"},
              {"name":"x","type":"double"},
              {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
              {"name":"tags","type":{"type":"map","values":"string"},"default":{}},
              {"name":"all","type":{"type":"array","items":["null","long"]}},
              {"name":"in","type":{"type":"record","name":"In","fields":[{"name":"ok","type":"boolean"}]}}]}""");

    private static Event avroRow(Object n) throws IOException {
        return row(
                Map.entry("k", StreamValues.NULL),
                Map.entry("n", n),
                Map.entry("x", 3L),
                Map.entry("at", Ticks.instant(AT)),
                Map.entry("all", List.of(1L, StreamValues.NULL)),
                Map.entry("in", Map.of("ok", true)));
    }

    @Test
    void readsTheAvroThatItWrites() throws IOException {
        int id = registry.register("out-value", SCHEMA);
        byte[] written = new OutputFormat.Avro(id, SCHEMA, Optional.empty())
                .write(avroRow(2L), () -> "id")
                .value();
        assertThat(read(new InputFormat.Avro(registry), written).getFirst())
                .containsEntry("k", StreamValues.NULL)
                .containsEntry("n", 2L)
                .containsEntry("x", 3.0)
                .containsEntry("at", Ticks.instant(AT))
                .containsEntry("tags", Map.of())
                .containsEntry("all", List.of(1L, StreamValues.NULL))
                .containsEntry("in", Map.of("ok", true));
    }

    @Test
    void refusesBytesThatAreNoAvro() {
        int id = registry.register("out-value", SCHEMA);
        assertThatThrownBy(() -> new OutputFormat.Avro(id, SCHEMA, Optional.empty()).write(avroRow("two"), () -> "id"))
                .isInstanceOf(IOException.class)
                .hasMessage("the column n is two, and the schema wants int");
        InputFormat avro = new InputFormat.Avro(registry);
        assertThatThrownBy(() -> read(avro, bytes("{}"))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> read(avro, new byte[] {0, 0, 0, 0, 99, 1}))
                .isInstanceOf(IOException.class)
                .hasMessage("no schema has the number 99");
        assertThatThrownBy(() -> read(avro, new byte[] {0, 0, 0, 0, (byte) id, 2}))
                .isInstanceOf(IOException.class);
    }

    /** Matches names as everywhere, and loses no column. */
    @Test
    void writesEachColumnToTheAvroFieldOfItsNameInAnyCase() throws IOException {
        Schema schema = new Schema.Parser().parse("""
                {"type":"record","name":"Row","fields":[
                  {"name":"deviceId","type":["null","string"],"default":null},
                  {"name":"a","type":["null","long"],"default":null},
                  {"name":"in","type":["null",{"type":"record","name":"In","fields":[{"name":"ok","type":"boolean"}]}],"default":null}]}""");
        OutputFormat written = new OutputFormat.Avro(registry.register("row-value", schema), schema, Optional.empty());
        InputFormat avro = new InputFormat.Avro(registry);
        Event row =
                row(Map.entry("DeviceID", "d"), Map.entry("A", 1L), Map.entry("in", Map.of("OK", true, "more", 1L)));
        assertThat(read(avro, written.write(row, () -> "id").value()))
                .containsExactly(Map.of("deviceId", "d", "a", 1L, "in", Map.of("ok", true)));
        assertThatThrownBy(() -> written.write(row(Map.entry("deviceId", "d"), Map.entry("v", 1L)), () -> "id"))
                .isInstanceOf(IOException.class)
                .hasMessage("the column v is no field of the schema Row");
        assertThatThrownBy(() -> written.write(row(Map.entry("A", 1L), Map.entry("a", 2L)), () -> "id"))
                .isInstanceOf(IOException.class)
                .hasMessage("the column A is no field of the schema Row");
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void refusesAvroWhoseNumberIsNone(double none) throws IOException {
        Schema schema = new Schema.Parser().parse("""
                {"type":"record","name":"Row","fields":[{"name":"a","type":"double"},{"name":"b","type":{"type":"array","items":"double"}}]}""");
        OutputFormat written = new OutputFormat.Avro(registry.register("in-value", schema), schema, Optional.empty());
        InputFormat avro = new InputFormat.Avro(registry);
        for (Event event : List.of(
                row(Map.entry("a", none), Map.entry("b", List.of())),
                row(Map.entry("a", 1.0), Map.entry("b", List.of(none))))) {
            byte[] value = written.write(event, () -> "id").value();
            assertThatThrownBy(() -> read(avro, value))
                    .isInstanceOf(IOException.class)
                    .hasMessage(none + " is no number that a float can hold");
        }
    }

    @Test
    void refusesAFloatThatAnAvroFloatCannotHold() {
        Schema schema = new Schema.Parser().parse("""
                {"type":"record","name":"Row","fields":[{"name":"a","type":"float"}]}""");
        OutputFormat format = new OutputFormat.Avro(registry.register("float-value", schema), schema, Optional.empty());
        assertThatThrownBy(() -> format.write(row(Map.entry("a", 1e300)), () -> "id"))
                .isInstanceOf(IOException.class)
                .hasMessage("the column a is 1.0E300, and the schema wants float");
    }

    /** Reads a schema that refers to itself: a small record of it is nested as deep as it has bytes. */
    @Test
    void readsAvroAsDeepAsJson() throws IOException {
        Schema schema = new Schema.Parser().parse("""
                {"type":"record","name":"Row","fields":[{"name":"a","type":["null","Row"]}]}""");
        int id = registry.register("deep-value", schema);
        InputFormat avro = new InputFormat.Avro(registry);
        for (int depth : new int[] {2_000, 500_000}) {
            byte[] value = new byte[5 + depth];
            Arrays.fill(value, 5, value.length - 1, (byte) 2);
            value[4] = (byte) id;
            assertThatThrownBy(() -> read(avro, value))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("nested deeper than 1000");
        }
    }

    @Test
    void writesOnlyNumbersThatJsonHas() throws IOException {
        Event row = row(
                Map.entry("a", Double.NaN), Map.entry("b", List.of(Double.POSITIVE_INFINITY)), Map.entry("c", 1e300));
        assertThat(JsonRecords.write(row.record())).asString().isEqualTo("{\"a\":null,\"b\":[null],\"c\":1.0E300}");
    }

    @Test
    void callsTheMethodThatARowNames() throws IOException {
        RecordCodec<DeviceCommand> codec = codecs.of(Topics.DEVICE_COMMANDS);
        OutputFormat.Written written = new OutputFormat.ToDevices(codec, Duration.ofHours(1))
                .write(
                        row(
                                Map.entry("deviceId", "d"),
                                Map.entry("moduleId", "m"),
                                Map.entry("methodName", "reboot"),
                                Map.entry("payload", Map.of("delay", 5L))),
                        () -> "id");
        assertThat(written.key()).asString().isEqualTo("d");
        assertThat(codec.decode(written.value()))
                .isEqualTo(
                        new DeviceCommand("d/m", new InvokeMethod(new DeviceMethod("reboot", "{\"delay\":5}", 30, 0))));
    }

    @Test
    void sendsARowWithABodyAsAMessageWithALastingId() throws IOException {
        RecordCodec<DeviceCommand> codec = codecs.of(Topics.DEVICE_COMMANDS);
        OutputFormat format = new OutputFormat.ToDevices(codec, Duration.ofHours(1));
        Event row = row(
                Map.entry("deviceId", "d"),
                Map.entry("body", Map.of("hot", true)),
                Map.entry("properties", Map.of("level", 3L)));
        DeviceCommand command = codec.decode(format.write(row, () -> "one").value());
        SendMessage sent = (SendMessage) command.getCommand();
        assertThat(StandardCharsets.UTF_8
                        .decode(sent.getMessage().getBody().duplicate())
                        .toString())
                .isEqualTo("{\"hot\":true}");
        assertThat(sent.getMessage().getProperties())
                .containsEntry("level", "3")
                .containsKey("$.mid");
        assertThat(sent.getMessage().getExpiresAt()).isEqualTo(Instant.parse("2026-11-21T11:00:00Z"));
        assertThat(codec.decode(format.write(row, () -> "one").value())).isEqualTo(command);
        assertThat(codec.decode(format.write(row, () -> "two").value())).isNotEqualTo(command);
    }

    @Test
    void startsAJobForARow() throws IOException {
        RecordCodec<JobCommand> codec = codecs.of(Topics.JOB_COMMANDS);
        OutputFormat format = new OutputFormat.ToJobs(codec);
        JobCommand twin = codec.decode(format.write(
                        row(
                                Map.entry("jobId", "hot-17"),
                                Map.entry("queryCondition", "tags.room = 'x'"),
                                Map.entry("desired", Map.of("rate", 5L)),
                                Map.entry("maxExecutionTimeInSeconds", 60L)),
                        () -> "id")
                .value());
        CreateJob create = (CreateJob) twin.getCommand();
        assertThat(twin.getJobId()).isEqualTo("hot-17");
        assertThat(create.getDefinition().getOperation()).isEqualTo(new TwinPatch(null, null, "{\"rate\":5}"));
        assertThat(create.getDefinition().getMaxExecutionSeconds()).isEqualTo(60);
        Event method = row(Map.entry("queryCondition", "*"), Map.entry("methodName", "reboot"));
        assertThat(codec.decode(format.write(method, () -> "one").value()).getJobId())
                .isEqualTo(
                        codec.decode(format.write(method, () -> "one").value()).getJobId())
                .isNotEqualTo(
                        codec.decode(format.write(method, () -> "two").value()).getJobId());
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "devices, body, a row to a device has its deviceId",
                "devices, deviceId, `a row to a device has a body, or a methodName`",
                "jobs, methodName, a row that starts a job has a queryCondition",
                "jobs, queryCondition, `a row that starts a job has a methodName, tags or desired`",
            })
    void refusesARowThatAsksForNothing(String to, String only, String why) {
        OutputFormat format = to.equals("jobs")
                ? new OutputFormat.ToJobs(codecs.of(Topics.JOB_COMMANDS))
                : new OutputFormat.ToDevices(codecs.of(Topics.DEVICE_COMMANDS), Duration.ofHours(1));
        assertThatThrownBy(() -> format.write(row(Map.entry(only, "x")), () -> "id"))
                .isInstanceOf(IOException.class)
                .hasMessage(why);
    }

    /** Who may write stream jobs may not make nodes of devices. */
    @Test
    void writesNoTagsThatMakeADeviceAComputeNode() {
        OutputFormat format = new OutputFormat.ToJobs(codecs.of(Topics.JOB_COMMANDS));
        for (Object tags : List.of(Map.of("compute", Map.of("pool", "default")), Map.of("a", 1L, "compute", "x"))) {
            assertThatThrownBy(() ->
                            format.write(row(Map.entry("queryCondition", "*"), Map.entry("tags", tags)), () -> "id"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("compute node");
        }
        assertThatCode(() -> format.write(
                        row(Map.entry("queryCondition", "*"), Map.entry("tags", Map.of("site", "A"))), () -> "id"))
                .doesNotThrowAnyException();
    }
}
