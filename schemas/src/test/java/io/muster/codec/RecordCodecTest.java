package io.muster.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.records.CancelJob;
import io.muster.records.CreateJob;
import io.muster.records.DeviceMethod;
import io.muster.records.JobCommand;
import io.muster.records.JobDefinition;
import io.muster.registry.InMemorySchemaRegistry;
import io.muster.topics.Topics;
import java.time.Instant;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordCodecTest {
    private static final JobCommand COMMAND = new JobCommand(
            "job-1",
            new CreateJob(new JobDefinition(
                    "job-1",
                    new DeviceMethod("reboot", "{\"a\":1}", 30, 0),
                    "tags.site='A'",
                    Instant.parse("2026-11-21T02:25:16.408Z"),
                    120,
                    null)),
            null);

    private final InMemorySchemaRegistry registry = new InMemorySchemaRegistry();
    private final RecordCodec<JobCommand> codec = new Codecs(registry).of(Topics.JOB_COMMANDS);

    @Test
    void decodesAnEqualRecord() {
        assertThat(codec.decode(codec.encode(COMMAND))).isEqualTo(COMMAND);
        JobCommand cancel = new JobCommand("job-1", new CancelJob(), null);
        assertThat(codec.decode(codec.encode(cancel))).isEqualTo(cancel);
    }

    @Test
    void writesConfluentsPrefix() {
        byte[] bytes = codec.encode(COMMAND);
        assertThat(Arrays.copyOf(bytes, 5)).containsExactly(0, 0, 0, 0, 1);
    }

    @Test
    void refusesOtherBytesWithAReason() {
        byte[] good = codec.encode(COMMAND);
        assertThatThrownBy(() -> codec.decode(new byte[0])).hasMessageContaining("Confluent wire format");
        assertThatThrownBy(() -> codec.decode("{\"jobId\":\"a\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .hasMessageContaining("Confluent wire format");
        assertThatThrownBy(() -> codec.decode(Arrays.copyOf(good, good.length - 1)))
                .isInstanceOf(UndecodableRecordException.class);
        assertThatThrownBy(() -> codec.decode(Arrays.copyOf(good, good.length + 1)))
                .hasMessageContaining("left over");
        byte[] unknown = good.clone();
        unknown[4] = 99;
        assertThatThrownBy(() -> codec.decode(unknown)).hasMessageContaining("no schema has the number 99");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void refusesDamagedBytes(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] good = codec.encode(COMMAND);
        for (int round = 0; round < 2000; round++) {
            byte[] damaged = good.clone();
            int hits = 1 + random.nextInt(4);
            for (int hit = 0; hit < hits; hit++) {
                damaged[5 + random.nextInt(damaged.length - 5)] = (byte) random.nextInt(256);
            }
            try {
                codec.decode(damaged);
            } catch (UndecodableRecordException expected) {
                assertThat(expected.getMessage()).isNotBlank();
            }
        }
    }
}
