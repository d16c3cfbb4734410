package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.site.topology.SiteAggregate;
import io.muster.records.CreateFleetJob;
import io.muster.records.CronRecurrence;
import io.muster.records.JobCreated;
import io.muster.records.JobDefinition;
import io.muster.records.JobEvent;
import io.muster.records.PutWebJob;
import io.muster.records.SaveSchedule;
import io.muster.records.ScheduleDefinition;
import io.muster.records.ScriptHost;
import io.muster.records.Timing;
import io.muster.records.TwinPatch;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Begins from the state that earlier versions of the planner kept: what was uploaded and scheduled before an upgrade runs after it. */
class StateUpgradeTest {
    private static final int HEADER = 1 + Integer.BYTES;
    private static final WebJobFiles FILES =
            new WebJobFiles("0".repeat(64), 10L, "run.sh", "", "run.sh", ScriptHost.BASH);

    private final PlannerDriver planner = new PlannerDriver();

    @AfterEach
    void close() {
        assertThat(planner.deadLetters()).isEmpty();
        planner.close();
    }

    private static Path folder(Topic<?> topic) {
        return Path.of("../schemas/src/test/resources/history", topic.subject());
    }

    private static Stream<Integer> versions(Topic<?> topic) {
        try (Stream<Path> files = Files.list(folder(topic))) {
            return IntStream.rangeClosed(1, Math.toIntExact(files.count())).boxed();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<Integer> versionsOfSchedules() {
        return versions(Topics.SCHEDULES);
    }

    private static Stream<Integer> versionsOfSites() {
        return versions(Topics.SITES);
    }

    /** Replaces what a store has kept by the same in a version of the topic's schema, as a planner of that version kept it; a field that was renamed since goes by its old name. */
    private <V extends SpecificRecord> void keepAs(String store, Topic<V> topic, int version) throws IOException {
        Schema old = new Schema.Parser()
                .parse(Files.readString(folder(topic).resolve("v" + version + ".avsc"))
                        .replaceAll("\"name\" : \"uploadedAt\"", "$0, \"aliases\" : [\"changedAt\"]"));
        int id = planner.registry().register(topic.subject(), old);
        assertThat(planner.changelog(store)).isNotEmpty();
        for (var entry : planner.changelog(store).entrySet()) {
            byte[] now = entry.getValue();
            GenericRecord record = new GenericDatumReader<GenericRecord>(topic.schema(), old)
                    .read(null, DecoderFactory.get().binaryDecoder(now, HEADER, now.length - HEADER, null));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.write(ByteBuffer.allocate(HEADER).put((byte) 0).putInt(id).array());
            var encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            new GenericDatumWriter<GenericRecord>(old).write(record, encoder);
            encoder.flush();
            entry.setValue(bytes.toByteArray());
        }
    }

    @ParameterizedTest
    @MethodSource("versionsOfSchedules")
    void firesWhatWasScheduledBefore(int version) throws IOException {
        JobDefinition job = JobDefinition.newBuilder()
                .setJobId("nightly")
                .setQueryCondition("*")
                .setOperation(new TwinPatch(null, "{\"a\":1}", null))
                .setMaxExecutionSeconds(60)
                .build();
        planner.schedule(
                "s",
                new SaveSchedule(ScheduleDefinition.newBuilder()
                        .setTiming(Timing.newBuilder()
                                .setRecurrence(new CronRecurrence("0 */5 * * * *"))
                                .build())
                        .setAction(new CreateFleetJob(job))
                        .build()));
        keepAs("schedules", Topics.SCHEDULES, version);
        planner.restart();
        for (int minute = 0; minute < 10; minute++) {
            planner.advance(Duration.ofMinutes(1));
        }
        assertThat(planner.jobEvents().stream()
                        .filter(event -> event.getEvent() instanceof JobCreated)
                        .map(JobEvent::getJobId))
                .containsExactly("nightly-20261121020000", "nightly-20261121020500", "nightly-20261121021000");
    }

    @ParameterizedTest
    @MethodSource("versionsOfSites")
    void runsWhatWasUploadedBefore(int version) throws IOException {
        planner.site(
                "fleet",
                new PutWebJob(
                        WebJobKind.TRIGGERED, "purge", FILES, "{\"schedule\":\"0 */5 * * * *\"}", false, null, ""));
        keepAs(SiteAggregate.SITES.name(), Topics.SITES, version);
        planner.restart();
        for (int minute = 0; minute < 5; minute++) {
            planner.advance(Duration.ofMinutes(1));
        }
        assertThat(planner.site("fleet").getWebJobs().getFirst().getRuns())
                .extracting(run -> run.getTrigger())
                .containsExactly("Schedule - 0 */5 * * * *");
    }
}
