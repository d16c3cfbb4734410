package io.muster.api.surface.iothub;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.api.json.JsonBody;
import io.muster.records.TwinPatch;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DevicesTest {
    private static JsonBody body(String text) {
        return JsonBody.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void clearsASectionOfATwinThatIsNullAndLeavesAnAbsentOneAlone() {
        assertThat(Devices.sections(body("{\"tags\":null}"), null)).isEqualTo(new TwinPatch(null, "null", null));
        assertThat(Devices.sections(body("{\"properties\":{\"desired\":null}}"), "e"))
                .isEqualTo(new TwinPatch("e", null, "null"));
        assertThat(Devices.sections(body("{\"properties\":null,\"tags\":{}}"), null))
                .isEqualTo(new TwinPatch(null, "{}", null));
    }

    /** Leaves alone a section that Java's client sends as null, since it was not set. */
    @Test
    void leavesASectionOfAJobThatIsNullAlone() {
        assertThat(Devices.patch(body("{\"tags\":null,\"properties\":{\"desired\":{\"a\":1}}}"), "*"))
                .isEqualTo(new TwinPatch("*", null, "{\"a\":1}"));
    }
}
