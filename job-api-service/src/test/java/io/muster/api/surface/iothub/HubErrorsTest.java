package io.muster.api.surface.iothub;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.records.BatchRefusalReason;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.JobRefusalReason;
import io.muster.records.ScheduleRefusalReason;
import io.muster.records.SiteRefusalReason;
import io.muster.records.StreamJobRefusalReason;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists each refusal beside the error that IoT Hub's clients read. Contract: iot-hub, 1.10. */
class HubErrorsTest {
    private static void isError(Refusal refusal, int status, String name) {
        Problem problem = HubErrors.of(refusal);
        assertThat(problem.name()).isEqualTo(name);
        assertThat(problem.status()).isEqualTo(status);
        assertThat(problem.message())
                .isEqualTo(status == 500 ? Problem.serverError().message() : "Why.");
    }

    @ParameterizedTest
    @CsvSource({
        "ALREADY_EXISTS,  409, JobAlreadyExists",
        "NOT_FOUND,       404, JobNotFound",
        "TOO_MANY_ACTIVE, 429, ThrottlingMaxActiveJobCountExceeded",
        "ENDED,           405, OperationNotAllowedInCurrentState",
        "INVALID,         400, ArgumentInvalid",
        "INCOMPLETE,      400, ArgumentNull",
        "TOO_LARGE,       413, MessageTooLarge",
        "LATE,            500, ServerError",
        "UNKNOWN,         500, ServerError"
    })
    void namesRefusalsOfJobs(JobRefusalReason reason, int status, String name) {
        isError(new Refusal.OfJob(reason, "Why."), status, name);
    }

    @ParameterizedTest
    @CsvSource({
        "ALREADY_EXISTS,             409, DeviceAlreadyExists",
        "NOT_FOUND,                  404, DeviceNotFound",
        "MODULE_ALREADY_EXISTS,      409, ModuleAlreadyExistsOnDevice",
        "MODULE_NOT_FOUND,           404, ModuleNotFound",
        "TOO_MANY_MODULES,           429, ThrottlingException",
        "NOT_CONNECTED,              404, DeviceNotOnline",
        "NO_ANSWER,                  504, GatewayTimeout",
        "INVALID_ANSWER,             502, InvalidResponseWhileProxying",
        "TOO_MANY_METHODS_IN_FLIGHT, 403, DeviceMaximumInflightMethodExceeded",
        "QUEUE_FULL,                 403, DeviceMaximumQueueDepthExceeded",
        "PRECONDITION_FAILED,        412, PreconditionFailed",
        "INVALID,                    400, ArgumentInvalid",
        "INCOMPLETE,                 400, ArgumentNull",
        "TOO_LARGE,                  413, MessageTooLarge",
        "UNUSABLE_TWIN,              500, ServerError",
        "TOO_MANY_QUERIES,           429, ThrottlingException",
        "QUERY_FAILED,               500, ServerError",
        "UNKNOWN,                    500, ServerError"
    })
    void namesRefusalsOfDevices(DeviceRefusalReason reason, int status, String name) {
        isError(new Refusal.OfDevice(reason, "Why."), status, name);
    }

    @ParameterizedTest
    @CsvSource({"NOT_FOUND, 404, JobNotFound", "INVALID, 400, ArgumentInvalid", "UNKNOWN, 500, ServerError"})
    void namesRefusalsOfSchedulesAsThoseOfJobs(ScheduleRefusalReason reason, int status, String name) {
        isError(new Refusal.OfSchedule(reason, "Why."), status, name);
    }

    @ParameterizedTest
    @CsvSource({
        "NOT_CONNECTED, 404103",
        "NO_ANSWER, 504101",
        "NOT_FOUND, 404001",
        "MODULE_NOT_FOUND, 404010",
        "QUEUE_FULL, "
    })
    void numbersErrorsOfGateways(DeviceRefusalReason reason, @Nullable Integer number) {
        OptionalInt found = HubErrors.number(HubErrors.of(new Refusal.OfDevice(reason, "Why.")));
        assertThat(found.isPresent() ? found.getAsInt() : null).isEqualTo(number);
    }

    @Test
    void saysHowLargeAnAnswerIs() {
        Problem problem = HubErrors.of(new Refusal.OfAnswer(3, 2));
        assertThat(problem.status()).isEqualTo(413);
        assertThat(problem.message()).startsWith("The answer has 3 bytes, 2 at most.");
    }

    @Test
    void hasNoErrorForStreamJobsSitesAndJobsOfBatch() {
        assertThat(HubErrors.of(new Refusal.OfStreamJob(StreamJobRefusalReason.RUNNING, "Why.")))
                .isEqualTo(Problem.serverError());
        assertThat(HubErrors.of(new Refusal.OfBatch(BatchRefusalReason.JOB_STATE, "Why.", null, null)))
                .isEqualTo(Problem.serverError());
        assertThat(HubErrors.of(new Refusal.OfSite(SiteRefusalReason.RUNNING, "Why.")))
                .isEqualTo(Problem.serverError());
    }
}
