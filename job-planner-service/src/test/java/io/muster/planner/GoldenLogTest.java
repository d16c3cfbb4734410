package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.codec.Codecs;
import io.muster.planner.fleet.DeviceJobs;
import io.muster.planner.job.JobDecider;
import io.muster.planner.json.Json;
import io.muster.records.AbortRule;
import io.muster.records.CancelJob;
import io.muster.records.Capability;
import io.muster.records.CreateJob;
import io.muster.records.DeviceJob;
import io.muster.records.DeviceJobEvent;
import io.muster.records.DeviceJobEvents;
import io.muster.records.DeviceMethod;
import io.muster.records.ExecutionWindow;
import io.muster.records.FailureKind;
import io.muster.records.Job;
import io.muster.records.JobDefinition;
import io.muster.records.JobEvent;
import io.muster.records.JobForgotten;
import io.muster.records.JobPolicy;
import io.muster.records.MethodAnswered;
import io.muster.records.MethodRequest;
import io.muster.records.OperationType;
import io.muster.records.PauseJob;
import io.muster.records.ResumeJob;
import io.muster.records.RetryRule;
import io.muster.records.Rollout;
import io.muster.records.TwinPatch;
import io.muster.registry.InMemorySchemaRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Folds logs that earlier versions wrote into the documents that stand beside them: their meaning stays. A log is never edited; {@code
 * -Dlogs.record=N} writes the one of version N, once.
 */
class GoldenLogTest {
    private static final Path LOGS = Path.of("src/test/resources/logs");
    private static final Capability METHODS = Capability.METHODS;

    @BeforeAll
    static void trustOurRecords() {
        // The first codecs trust our classes in Avro.
        assertThat(new Codecs(new InMemorySchemaRegistry())).isNotNull();
    }

    static List<Path> logs() throws IOException {
        record();
        try (Stream<Path> files = Files.list(LOGS)) {
            return files.filter(file -> file.toString().endsWith(".avro"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("logs")
    void makesTheSameDocumentsOfAnOldLog(Path log) throws Exception {
        List<String> then = Files.readAllLines(documents(log));
        List<String> now = fold(log).lines().toList();
        assertThat(now).hasSameSizeAs(then);
        for (int i = 0; i < then.size(); i++) {
            assertThat(holds(Json.value(now.get(i)), Json.value(then.get(i))))
                    .as("%s%nnow %s%nthen %s", log, now.get(i), then.get(i))
                    .isTrue();
        }
    }

    /** Returns whether the document has the members of then; it may have new ones too. */
    private static boolean holds(@Nullable Object now, @Nullable Object then) {
        return now instanceof Map<?, ?> object && then instanceof Map<?, ?> old
                ? old.entrySet().stream().allMatch(member -> holds(object.get(member.getKey()), member.getValue()))
                : Objects.equals(now, then);
    }

    @Test
    void coversEveryKindOfJobEventByALog() throws IOException {
        List<String> kinds = new ArrayList<>();
        for (Path log : logs()) {
            if (log.getFileName().toString().startsWith("job-events")) {
                read(log, JobEvent.class, JobEvent.getClassSchema())
                        .forEach(event -> kinds.add(event.getEvent().getClass().getSimpleName()));
            }
        }
        List<String> all = JobEvent.getClassSchema().getField("event").schema().getTypes().stream()
                .map(Schema::getName)
                .toList();
        assertThat(kinds).containsAll(all);
    }

    private static Path documents(Path log) {
        return log.resolveSibling(log.getFileName().toString().replace(".avro", ".txt"));
    }

    private static String fold(Path log) throws IOException {
        Map<String, Object> documents = new TreeMap<>();
        if (log.getFileName().toString().startsWith("job-events")) {
            for (JobEvent event : read(log, JobEvent.class, JobEvent.getClassSchema())) {
                @Nullable Job before = (Job) documents.get(event.getJobId());
                if (event.getEvent() instanceof JobForgotten) {
                    documents.remove(event.getJobId());
                } else {
                    documents.put(event.getJobId(), JobDecider.evolve(before, event));
                }
            }
        } else {
            for (DeviceJobEvents batch : read(log, DeviceJobEvents.class, DeviceJobEvents.getClassSchema())) {
                for (DeviceJobEvent event : batch.getEvents()) {
                    String key = batch.getJobId() + " on " + event.getDeviceId();
                    @Nullable DeviceJob before = event.getPrevious() == null ? null : (DeviceJob) documents.get(key);
                    documents.put(
                            key,
                            DeviceJobs.evolve(before, batch.getJobId(), event, batch.getAt(), OperationType.METHOD));
                }
            }
        }
        return documents.values().stream().map(Object::toString).collect(Collectors.joining("\n", "", "\n"));
    }

    private static <V extends SpecificRecord> List<V> read(Path log, Class<V> type, Schema schema) throws IOException {
        List<V> events = new ArrayList<>();
        try (DataFileReader<V> reader = new DataFileReader<>(log.toFile(), new SpecificDatumReader<>(schema))) {
            reader.forEach(event -> events.add(type.cast(event)));
        }
        return events;
    }

    private static void record() throws IOException {
        @Nullable Integer version = Integer.getInteger("logs.record");
        if (version == null || Files.exists(LOGS.resolve("job-events-v" + version + ".avro"))) {
            return;
        }
        Files.createDirectories(LOGS);
        try (PlannerDriver planner = new PlannerDriver()) {
            live(planner);
            write("job-events-v" + version, planner.jobEvents(), JobEvent.getClassSchema());
            write("device-job-events-v" + version, planner.eventBatches(), DeviceJobEvents.getClassSchema());
        }
    }

    private static <V extends SpecificRecord> void write(String name, List<V> events, Schema schema)
            throws IOException {
        Path log = LOGS.resolve(name + ".avro");
        try (DataFileWriter<V> writer = new DataFileWriter<>(new SpecificDatumWriter<V>(schema))) {
            writer.create(schema, log.toFile());
            for (V event : events) {
                writer.append(event);
            }
        }
        Files.writeString(documents(log), fold(log));
    }

    /** Writes something of everything that can happen to a job. */
    private static void live(PlannerDriver planner) {
        for (int i = 0; i < 6; i++) {
            planner.create("d" + i, "{\"n\":" + i + "}");
        }
        planner.connect("d0", METHODS);
        TwinPatch tag = new TwinPatch("*", "{\"x\":1}", "{\"rate\":5}");
        DeviceMethod method = new DeviceMethod("reboot", "{\"a\":1}", 30, 10);
        create(planner, "forgotten", tag, "*", 60, null);
        planner.advance(Duration.ofDays(30).plusSeconds(1));
        planner.connect("d0", METHODS);
        create(planner, "plain", tag, "tags.n > 2", 60, null);
        create(planner, "failed", tag, "tags.n >", 60, null);
        planner.job(
                "scheduled",
                new CreateJob(
                        new JobDefinition("scheduled", tag, "*", planner.now().plusSeconds(30), 60, null)));
        planner.job("scheduled", new PauseJob());
        planner.job("scheduled", new ResumeJob());
        RetryRule retry = new RetryRule(FailureKind.ERROR_STATUS, 1, 1, 1, 0.0);
        create(
                planner,
                "retried",
                method,
                "deviceId IN ['d0', 'd1']",
                40,
                JobPolicy.newBuilder().setRetries(List.of(retry)).setPriority(3).build());
        answer(planner, 500);
        planner.advance(Duration.ofSeconds(2));
        answer(planner, 200);
        create(planner, "timed-out", new DeviceMethod("reboot", "1", 30, 0), "tags.n = 3", 20, null);
        create(planner, "cancelled", method, "tags.n = 5", 60, null);
        planner.job("cancelled", new CancelJob());
        create(
                planner,
                "aborted",
                new TwinPatch("AAAA", "{\"x\":2}", null),
                "*",
                60,
                JobPolicy.newBuilder()
                        .setRollout(new Rollout(60, null))
                        .setAbort(new AbortRule(50, 2L))
                        .build());
        ExecutionWindow now = new ExecutionWindow(0, 121, List.of(), "UTC");
        create(
                planner,
                "windowed",
                method,
                "tags.n = 4",
                7200,
                JobPolicy.newBuilder()
                        .setWindows(List.of(now, new ExecutionWindow(123, 125, List.of(), "UTC")))
                        .setContinuous(true)
                        .build());
        create(
                planner,
                "in-a-lane",
                tag,
                "tags.n = 1",
                60,
                JobPolicy.newBuilder().setLane("central").build());
        for (int i = 0; i < 300; i++) {
            planner.advance(Duration.ofSeconds(1));
        }
    }

    private static void create(
            PlannerDriver planner,
            String id,
            Object operation,
            String condition,
            int seconds,
            @Nullable JobPolicy policy) {
        planner.job(id, new CreateJob(new JobDefinition(id, operation, condition, null, seconds, policy)));
    }

    private static void answer(PlannerDriver planner, int status) {
        MethodRequest request = planner.delivered(MethodRequest.class).getLast();
        planner.report(
                "d0",
                new MethodAnswered(
                        request.getDeliveryId(), status, ByteBuffer.wrap("{}".getBytes(StandardCharsets.UTF_8))));
    }
}
