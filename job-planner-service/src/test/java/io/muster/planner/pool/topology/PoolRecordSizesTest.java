package io.muster.planner.pool.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.ComputeTask;
import io.muster.records.GrantLease;
import io.muster.records.NodeJoined;
import io.muster.records.StartAttempt;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskFile;
import io.muster.records.TaskOwner;
import io.muster.records.TaskOwnerKind;
import io.muster.records.TaskPlace;
import io.muster.records.TaskPlaced;
import io.muster.records.TaskProgram;
import io.muster.records.TaskQueued;
import io.muster.records.TaskToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PoolRecordSizesTest {
    private static final TaskToken TOKEN = new TaskToken("t", 1L);
    private static final TaskAttempt ATTEMPT = new TaskAttempt(0, 0, 0);
    private static final TaskProgram PROGRAM = TaskProgram.newBuilder()
            .setCommand(Collections.nCopies(100, "\u65e5".repeat(100)))
            .setEnvironment(Map.of("\u65e5".repeat(1000), "\u65e5".repeat(40_000)))
            .setFiles(Collections.nCopies(50, new TaskFile("a".repeat(64), 1L, "p".repeat(500), true)))
            .build();

    static Stream<SpecificRecord> large() {
        return Stream.of(
                new StartAttempt(TOKEN, ATTEMPT, PROGRAM, 1),
                new TaskQueued(
                        ComputeTask.newBuilder()
                                .setTaskId("t")
                                .setOwner(new TaskOwner(TaskOwnerKind.SITE, "site"))
                                .setProgram(PROGRAM)
                                .build(),
                        7L),
                new TaskPlaced(
                        TOKEN,
                        ATTEMPT,
                        Collections.nCopies(100, new TaskPlace("n".repeat(128), 1L)),
                        Collections.nCopies(100, "a".repeat(64)),
                        1),
                new NodeJoined("n", 0, 1L, "boot", 2, Collections.nCopies(256, "c".repeat(256)), ""),
                new GrantLease(1L));
    }

    @ParameterizedTest
    @MethodSource("large")
    void estimatesNoLessThanARecordTakes(SpecificRecord each) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new SpecificDatumWriter<>(each.getSchema()).write(each, encoder);
        encoder.flush();
        assertThat(PoolRecordSizes.of(each)).isBetween(bytes.size(), 4 * bytes.size() + 1024);
    }
}
