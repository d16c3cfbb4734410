package io.muster.api.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonBodyTest {
    private static JsonBody body(String text) {
        return JsonBody.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Rejects values that can't be written again as they were sent. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"tags\":{\"a\":1e400}}",
                "{\"tags\":{\"a\":[0,-1e309]}}",
                "{\"payload\":1e400}",
                "{\"tags\":{\"a\":\"\\ud800\"}}",
                "{\"tags\":{\"\\udc00x\":1}}"
            })
    void refusesWhatJsonCanNotCarryOn(String text) {
        assertThatThrownBy(() -> body(text))
                .isInstanceOf(ProblemException.class)
                .hasMessageFindingMatch("too large|surrogate");
        assertThatThrownBy(() -> JsonBody.parseArray(("[" + text + "]").getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(ProblemException.class);
    }

    /** Shows what the log holds, which nobody can refuse any more. */
    @Test
    void readsWhatIsStoredThoughABodyLikeThatIsRefused() {
        assertThat(JsonBody.stored("{\"a\":1,\"a\":2}").path("a").asInt()).isEqualTo(2);
        assertThatThrownBy(() -> body("{\"a\":1,\"a\":2}")).isInstanceOf(ProblemException.class);
    }

    @Test
    void takesLargeNumbersAndPairs() {
        JsonBody body = body("{\"tags\":{\"a\":1.7e308,\"b\":\"\\ud83d\\ude00\"}}");
        assertThat(body.objectText("tags"))
                .hasValueSatisfying(text -> assertThat(text).contains("1.7E308"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"a":{"b":[1,{"c":1e400}]}}  | The number at a.b[1].c is too large.
            {"a":[[0,[1e400]]]}          | The number at a[0][1][0] is too large.
            {"a":[1,{}],"b":1e400}       | The number at b is too large.
            {"a":{"b":"\\ud800"}}        | A text at a.b holds half of a surrogate pair.
            {"\\ud800":1}                | A text holds half of a surrogate pair.
            """)
    void saysWhereAValueStandsThatItRefuses(String text, String message) {
        assertThatThrownBy(() -> body(text)).hasMessageContaining(message);
    }

    /** Reads long names around many values without copying a name for each of them. */
    @Test
    void readsInProportionToTheBodysLength() {
        String text =
                ("{\"" + "n".repeat(50_000) + "\":").repeat(10) + "[0" + ",0".repeat(2_000) + "]" + "}".repeat(10);
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = thread.getCurrentThreadAllocatedBytes();
        body(text);
        assertThat(thread.getCurrentThreadAllocatedBytes() - before)
                .as("bytes allocated")
                .isLessThan(50L * text.length());
    }
}
