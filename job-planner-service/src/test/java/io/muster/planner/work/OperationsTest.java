package io.muster.planner.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.planner.json.Json;
import io.muster.planner.request.Fault;
import io.muster.planner.state.TwinEdit;
import io.muster.records.DeviceMethod;
import io.muster.records.MethodRequest;
import io.muster.records.OperationType;
import io.muster.records.TwinPatch;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OperationsTest {
    private static Operation.OnDevice method() {
        return (Operation.OnDevice) Operations.of(Operations.keep(new DeviceMethod("reboot", "{\"a\":1}", 30, 10)));
    }

    @Test
    void handsAMethodOver() {
        assertThat(method().type()).isEqualTo(OperationType.METHOD);
        assertThat(method().connectTime()).isEqualTo(Duration.ofSeconds(10));
        assertThat(method().answerTime()).isEqualTo(Duration.ofSeconds(30));
        assertThat(method().delivery(7, "id", WorkCases.NOW))
                .isEqualTo(new MethodRequest(7L, "id", "reboot", "{\"a\":1}", WorkCases.NOW));
    }

    @ParameterizedTest
    @CsvSource({"200,1,Done", "399,1,Done", "400,1,ErrorStatus", "200,'',Done", "200,{,Invalid", "500,{,Invalid"})
    void readsAnswers(int status, String payload, String meaning) {
        Answer answer = method().read(status, ByteBuffer.wrap(payload.getBytes(StandardCharsets.UTF_8)));
        assertThat(answer.getClass().getSimpleName()).isEqualTo(meaning);
        if (answer instanceof Answer.Done(Work.Reply(int given, String json))) {
            assertThat(given).isEqualTo(status);
            assertThat(json).isEqualTo(payload.isEmpty() ? "null" : payload);
        }
    }

    /** Goes on with what was stored by rules that were less strict. */
    @Test
    void readsTwoMembersOfOneNameThatAreStored() {
        assertThat(Json.stored("{\"a\":1,\"a\":2}")).isEqualTo(Map.of("a", 2));
    }

    @Test
    void rejectsTwoMembersOfOneName() {
        for (String payload : List.of("{\"a\":1,\"a\":2}", "{\"o\":[{\"a\":null,\"a\":2}]}")) {
            assertThat(method().read(200, ByteBuffer.wrap(payload.getBytes(StandardCharsets.UTF_8))))
                    .isInstanceOf(Answer.Invalid.class);
        }
    }

    @Test
    void rejectsAnAnswerThatIsLargerThanAPayloadMayBe() {
        ByteBuffer most = ByteBuffer.wrap(("\"" + "x".repeat(128 * 1024 - 2) + "\"").getBytes(StandardCharsets.UTF_8));
        assertThat(method().read(200, most)).isInstanceOf(Answer.Done.class);
        ByteBuffer more = ByteBuffer.wrap(("\"" + "x".repeat(128 * 1024 - 1) + "\"").getBytes(StandardCharsets.UTF_8));
        assertThat(method().read(200, more)).isInstanceOf(Answer.Invalid.class);
    }

    @Test
    void rejectsTextThatIsNoUtf8() {
        assertThat(method().read(200, ByteBuffer.wrap(new byte[] {'"', (byte) 0xff, '"'})))
                .isInstanceOf(Answer.Invalid.class);
    }

    @ParameterizedTest
    @CsvSource({
        "reboot,1,5,0,",
        "reboot,1,300,300,",
        "'re boot',1,30,0,INVALID",
        "'',1,30,0,INVALID",
        "reboot,1,4,0,INVALID",
        "reboot,1,301,0,INVALID",
        "reboot,1,30,-1,INVALID",
        "reboot,1,30,301,INVALID",
        "reboot,{,30,0,INVALID",
        "reboot,'{\"a\":1,\"a\":2}',30,0,INVALID"
    })
    void refusesInvalidMethods(String name, String payload, int response, int connect, Fault.@Nullable Kind kind) {
        assertThat(Operations.fault(new DeviceMethod(name, payload, response, connect))
                        .map(Fault::kind)
                        .orElse(null))
                .isEqualTo(kind);
    }

    @Test
    void refusesPayloadsOfMoreThan128KB() {
        String most = '"' + "x".repeat(128 * 1024 - 2) + '"';
        assertThat(Operations.fault(new DeviceMethod("m", most, 30, 0))).isEmpty();
        assertThat(Operations.fault(new DeviceMethod("m", most + ' ', 30, 0)).map(Fault::kind))
                .contains(Fault.Kind.TOO_LARGE);
    }

    @Test
    void refusesPatchesThatChangeNothing() {
        assertThat(Operations.fault(new TwinPatch("*", null, null)).map(Fault::kind))
                .contains(Fault.Kind.INCOMPLETE);
        assertThat(Operations.fault(new TwinPatch("*", "[", null)).map(Fault::kind))
                .contains(Fault.Kind.INVALID);
        assertThat(Operations.fault(new TwinPatch("*", "{\"x\":1}", null))).isEmpty();
    }

    @Test
    void doesNotGoOnWithAPatchThatItWouldRefuseNow() {
        assertThat(Operations.of(new TwinEdit("*", "{\"x\":1}", null)).type()).isEqualTo(OperationType.TWIN);
        assertThatThrownBy(() -> Operations.of(new TwinEdit("*", "[", null)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("patch");
    }
}
