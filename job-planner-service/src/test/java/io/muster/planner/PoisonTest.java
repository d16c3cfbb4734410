package io.muster.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.codec.PoisonRecords;
import io.muster.records.CreateJob;
import io.muster.records.DeviceJobCompleted;
import io.muster.records.ExpandJob;
import io.muster.records.Expansion;
import io.muster.records.JobDefinition;
import io.muster.records.JobStatus;
import io.muster.records.TwinPatch;
import io.muster.topics.Topic;
import io.muster.topics.Topics;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes records that no service of ours writes into every topic that the planner reads: each is a dead letter or does what it says, and work goes on. */
class PoisonTest {
    private static final int RECORDS = 500;
    private static final List<Topic<?>> READ = List.of(
            Topics.JOB_COMMANDS,
            Topics.JOB_STATISTICS,
            Topics.DEVICE_COMMANDS,
            Topics.DEVICE_REPORTS,
            Topics.EXPANSIONS,
            Topics.SCHEDULE_COMMANDS,
            Topics.POOL_COMMANDS,
            Topics.POOL_REPORTS,
            Topics.JOBS);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void goesOnBehindRecordsThatCannotBeTaken(long seed) {
        try (PlannerDriver planner = new PlannerDriver(1, new JobLimits(50_000, 0, 5))) {
            for (int device = 0; device < 10; device++) {
                planner.create("good-" + device, "{\"good\":true}");
            }
            PoisonRecords poison = new PoisonRecords(planner.registry(), seed);
            for (int i = 0; i < RECORDS; i++) {
                for (Topic<?> topic : READ) {
                    PoisonRecords.Poison record = poison.next(topic);
                    planner.raw(topic.name(), record.key(), record.value());
                }
                if (i % 25 == 0) {
                    planner.advance(Duration.ofSeconds(6));
                }
            }
            planner.advance(Duration.ofMinutes(11));
            assertThat(planner.deadLetters()).hasSizeGreaterThan(RECORDS);
            planner.job(
                    "good",
                    new CreateJob(new JobDefinition(
                            "good",
                            new TwinPatch("*", "{\"x\":1}", null),
                            "STARTSWITH(deviceId, 'good-')",
                            null,
                            120,
                            null)));
            for (int i = 0; i < 60 && planner.jobDocument("good").getStatus() != JobStatus.COMPLETED; i++) {
                planner.advance(Duration.ofSeconds(1));
            }
            assertThat(planner.jobDocument("good").getStatus()).isEqualTo(JobStatus.COMPLETED);
            for (int device = 0; device < 10; device++) {
                assertThat(planner.events("good", "good-" + device))
                        .singleElement()
                        .isInstanceOf(DeviceJobCompleted.class);
            }
        }
    }

    /** Dead-letters an expansion that would fail at each tick from then on. */
    @ParameterizedTest
    @CsvSource({"-2147483648, 1", "-1, 1", "1, 1", "0, 0", "0, -1", "0, 2", "5, 2147483647"})
    void deadLettersAnExpansionOfAPartitionThatIsNotThere(int partition, int partitions) {
        try (PlannerDriver planner = new PlannerDriver()) {
            planner.create("a", null);
            ExpandJob expand = new ExpandJob(
                    new JobDefinition("j", new TwinPatch("*", "{\"x\":1}", null), "*", null, 120, null),
                    7L,
                    planner.now().plusSeconds(120));
            planner.raw(
                    Topics.EXPANSIONS.name(),
                    "j",
                    planner.encode(Topics.EXPANSIONS, new Expansion("j", partition, partitions, expand)));
            planner.advance(Duration.ofSeconds(1));
            assertThat(planner.deadLetters()).hasSize(1);
            assertThat(planner.deviceJobEvents()).isEmpty();
        }
    }
}
