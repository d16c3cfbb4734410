package io.muster.document;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Says in a user's words what the parser refuses. */
class JsonFaultTest {
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(64)
                            .maxNumberLength(400)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static String fault(String text) {
        try {
            JSON.readTree(text);
            return "none";
        } catch (JsonProcessingException e) {
            return JsonFault.of(e);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {}{}       | Something follows the JSON value
            {}1        | Something follows the JSON value
            {          | Unexpected end-of-input: expected close marker for Object (start marker at [line: 1, column: 1])
            NaN        | Non-standard token 'NaN'
            +1         | Unexpected character ('+' (code 43)) in numeric value: JSON spec does not allow numbers to have plus signs
            // x       | Unexpected character ('/' (code 47)): maybe a (non-standard) comment?
            -          | Unexpected end-of-input: No digit following sign
            {"a":      | Unexpected end-of-input within/between Object entries
            {"a":1,"a":2} | Duplicate field 'a'
            """)
    void saysWhatIsWrong(String text, String said) {
        assertThat(fault(text)).isEqualTo(said);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "1", "{\"a\":"})
    void saysWhichBoundIsExceeded(String part) {
        assertThat(fault(part.repeat(500)))
                .matches(
                        ".* length \\(\\d+\\) exceeds the maximum allowed \\(\\d+\\)|Document nesting depth \\(65\\) exceeds the maximum allowed \\(64\\)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "{'a':1}",
                "Infinity",
                "01",
                "1.",
                "\"\\x\"",
                "\"a\nb\"",
                "{a:1}",
                "[1,]",
                "]",
                "\u0000",
                "\"\\ud8zz\""
            })
    void namesNeitherClassesNorOptionsOfTheParser(String text) {
        assertThat(fault(text))
                .doesNotContain("`", "Feature", "jackson", "Source", "\n")
                .isNotBlank();
    }
}
