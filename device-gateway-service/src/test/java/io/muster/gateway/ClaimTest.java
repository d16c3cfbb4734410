package io.muster.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.gateway.connect.Claim;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reads user names of CONNECT. Contract: iot-hub, 4.1 and section 8. */
class ClaimTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "hub.test/d/?api-version=2021-04-12&model-id=dtmi:com:test:e2e;1&DeviceClientType=a | dtmi:com:test:e2e;1",
                "hub.test/d/?model-id=dtmi%3Acom%3Atest%3Ae2e%3B1                               | dtmi:com:test:e2e;1",
                "hub.test/d/api-version=2021-04-12&model-id=dtmi:a+b;1                           | dtmi:a+b;1",
                "hub.test/d/?api-version=2021-04-12&model-id=                                    | -",
                "hub.test/d/?model-id=%zz                                                        | -",
                "hub.test/d/?model-id=a%0Ab                                                      | -",
                "hub.test/d                                                                      | -"
            })
    void readsTheModelOfADevice(String userName, @Nullable String modelId) {
        assertThat(Claim.of("d", userName).orElseThrow().modelId().orElse(null)).isEqualTo(modelId);
    }
}
