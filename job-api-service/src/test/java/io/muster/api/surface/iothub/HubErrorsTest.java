package io.muster.api.surface.iothub;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.job.Refusal;
import io.muster.api.json.Problem;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.JobRefusalReason;
import io.muster.records.ScheduleRefusalReason;
import io.muster.records.SiteRefusalReason;
import io.muster.records.StreamJobRefusalReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists each refusal beside the error that IoT Hub's clients read. Contract: iot-hub, 1.10. */
class HubErrorsTest {
    private static void isError(Refusal refusal, int code, String name) {
        Problem problem = HubErrors.of(refusal);
        assertThat(problem.code()).isEqualTo(code);
        assertThat(problem.name()).isEqualTo(name);
        assertThat(problem.status()).isEqualTo(code / 1000);
        assertThat(problem.message())
                .isEqualTo(code == 500001 ? Problem.serverError().message() : "Why.");
    }

    @ParameterizedTest
    @CsvSource({
        "ALREADY_EXISTS,  409104, JobAlreadyExists",
        "NOT_FOUND,       404002, JobNotFound",
        "TOO_MANY_ACTIVE, 429004, ThrottlingMaxActiveJobCountExceeded",
        "ENDED,           405102, OperationNotAllowedInCurrentState",
        "INVALID,         400004, ArgumentInvalid",
        "INCOMPLETE,      400005, ArgumentNull",
        "TOO_LARGE,       413001, MessageTooLarge",
        "UNKNOWN,         500001, ServerError"
    })
    void namesRefusalsOfJobs(JobRefusalReason reason, int code, String name) {
        isError(new Refusal.OfJob(reason, "Why."), code, name);
    }

    @ParameterizedTest
    @CsvSource({
        "ALREADY_EXISTS,             409001, DeviceAlreadyExists",
        "NOT_FOUND,                  404001, DeviceNotFound",
        "MODULE_ALREADY_EXISTS,      409301, ModuleAlreadyExistsOnDevice",
        "MODULE_NOT_FOUND,           404010, ModuleNotFound",
        "TOO_MANY_MODULES,           429001, ThrottlingException",
        "NOT_CONNECTED,              404103, DeviceNotOnline",
        "NO_ANSWER,                  504101, GatewayTimeout",
        "INVALID_ANSWER,             502001, InvalidResponseWhileProxying",
        "TOO_MANY_METHODS_IN_FLIGHT, 403800, DeviceMaximumInflightMethodExceeded",
        "QUEUE_FULL,                 403004, DeviceMaximumQueueDepthExceeded",
        "PRECONDITION_FAILED,        412001, PreconditionFailed",
        "INVALID,                    400004, ArgumentInvalid",
        "INCOMPLETE,                 400005, ArgumentNull",
        "TOO_LARGE,                  413001, MessageTooLarge",
        "UNUSABLE_TWIN,              500001, ServerError",
        "TOO_MANY_QUERIES,           429001, ThrottlingException",
        "QUERY_FAILED,               500001, ServerError",
        "UNKNOWN,                    500001, ServerError"
    })
    void namesRefusalsOfDevices(DeviceRefusalReason reason, int code, String name) {
        isError(new Refusal.OfDevice(reason, "Why."), code, name);
    }

    @ParameterizedTest
    @CsvSource({"NOT_FOUND, 404002, JobNotFound", "INVALID, 400004, ArgumentInvalid", "UNKNOWN, 500001, ServerError"})
    void namesRefusalsOfSchedulesAsThoseOfJobs(ScheduleRefusalReason reason, int code, String name) {
        isError(new Refusal.OfSchedule(reason, "Why."), code, name);
    }

    @Test
    void saysHowLargeAnAnswerIs() {
        Problem problem = HubErrors.of(new Refusal.OfAnswer(3, 2));
        assertThat(problem.code()).isEqualTo(413001);
        assertThat(problem.message()).startsWith("The answer has 3 bytes, 2 at most.");
    }

    @Test
    void hasNoErrorForStreamJobsAndSites() {
        assertThat(HubErrors.of(new Refusal.OfStreamJob(StreamJobRefusalReason.RUNNING, "Why.")))
                .isEqualTo(Problem.serverError());
        assertThat(HubErrors.of(new Refusal.OfSite(SiteRefusalReason.RUNNING, "Why.")))
                .isEqualTo(Problem.serverError());
    }
}
