package io.muster.api.surface.streamanalytics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.json.ProblemException;
import io.muster.records.StreamFunction;
import io.muster.records.StreamJobDefinition;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads functions of users wherever they are written, and runs none. */
class StreamJobFunctionsTest {
    /** Lists the ways by which a function comes in, each with a script. */
    private static final List<Function<String, StreamJobDefinition>> WAYS = List.of(
            script -> StreamJobDocument.put("/jobs/j", job(script)).definition(),
            script -> StreamJobDocument.put("/jobs/j", job())
                    .withChild(ChildKind.FUNCTIONS, "f", function(script))
                    .definition(),
            script -> StreamJobDocument.put("/jobs/j", job("function main(a) { return a; }"))
                    .patchedChild(ChildKind.FUNCTIONS, "f", function(script))
                    .definition());

    static Stream<Arguments> unreadable() {
        return WAYS.stream()
                .flatMap(way -> Stream.of(
                                "function main(a) { return (; }",
                                "function main(a) { return /(/.test(a); }",
                                "var x = 1;",
                                "",
                                "(".repeat(100_000))
                        .map(script -> Arguments.of(way, script)));
    }

    @ParameterizedTest
    @MethodSource("unreadable")
    void refusesAScriptThatCannotBeRead(Function<String, StreamJobDefinition> way, String script) {
        assertThatThrownBy(() -> way.apply(script))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("UDF.f");
    }

    static Stream<Arguments> harmful() {
        return WAYS.stream()
                .flatMap(way -> Stream.of(
                                "while (true) { } function main(a) { }",
                                "throw 'ran'; function main(a) { }",
                                "missing(); function main(a) { }",
                                "var x = new Array(1e8).join('x'); function main(a) { }")
                        .map(script -> Arguments.of(way, script)));
    }

    @ParameterizedTest
    @MethodSource("harmful")
    void takesAScriptWithoutRunningIt(Function<String, StreamJobDefinition> way, String script) {
        StreamJobDefinition definition = way.apply(script);
        assertThat(definition.getFunctions()).containsExactly(new StreamFunction("f", script, 1));
        assertThat(QueryCheck.fault(definition.getFunctions().getFirst())).isEmpty();
        assertThat(QueryCheck.fault(definition)).isEmpty();
    }

    private static ObjectNode job(String... scripts) {
        ObjectNode job = JsonNodeFactory.instance.objectNode();
        ObjectNode properties = job.putObject("properties");
        properties.putArray("inputs").addObject().put("name", "i");
        properties.putArray("outputs").addObject().put("name", "o");
        properties
                .putObject("transformation")
                .put("name", "t")
                .putObject("properties")
                .put("query", "SELECT UDF.f(v) AS v INTO o FROM i");
        for (String script : scripts) {
            properties.putArray("functions").add(function(script).put("name", "f"));
        }
        return job;
    }

    private static ObjectNode function(String script) {
        ObjectNode function = JsonNodeFactory.instance.objectNode();
        ObjectNode properties =
                function.putObject("properties").put("type", "Scalar").putObject("properties");
        properties.putArray("inputs").addObject().put("dataType", "any");
        properties
                .putObject("binding")
                .put("type", "Microsoft.StreamAnalytics/JavascriptUdf")
                .putObject("properties")
                .put("script", script);
        return function;
    }
}
