package io.muster.query.streamjob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamQuery;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compiles queries with what else their job has. */
class JobQueryTest {
    private static JobQuery query(String level, String text) {
        return new JobQuery(text, List.of("Events"), List.of("Rooms"), List.of("Out"), List.of(), level);
    }

    @ParameterizedTest
    @CsvSource({"1.0, deviceid foo n", "1.1, deviceId Foo N", "1.2, deviceId Foo N"})
    void spellsColumnsAsTheLevelHasIt(String level, String names) throws Exception {
        StreamQuery query = query(level, "SELECT deviceId, a.Foo, 1 AS N INTO out FROM events")
                .compile();

        assertThat(query.outputs().getFirst().select().columns())
                .extracting(StreamQuery.Column::name)
                .containsExactly(names.split(" "));
    }

    @Test
    void joinsReferenceDataWithoutABoundOfTime() throws Exception {
        assertThat(query("1.2", "SELECT e.a INTO out FROM events e JOIN ROOMS r ON e.a = r.a")
                        .compile()
                        .inputs())
                .containsExactlyInAnyOrder("events", "rooms");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT a INTO out FROM other    | The query names the input 'other', and the job has [Events, Rooms].
            SELECT a INTO other FROM events | The query names the output 'other', and the job has [Out].
            """)
    void refusesNamesThatTheJobHasNot(String text, String message) {
        assertThatThrownBy(() -> query("1.2", text).compile())
                .isInstanceOf(EvaluationException.class)
                .hasMessage(message);
    }
}
