package io.muster.processor.function;

import io.muster.query.kernel.ScalarFunction;
import io.muster.query.streamjob.JavaScriptFunction;
import java.util.Objects;

/** Owns a process for functions: prints its number, and is then in a call that does not end and counts no steps. */
final class FunctionOwner {
    private FunctionOwner() {}

    static void main() {
        FunctionProcess process = new FunctionProcess(new FunctionProcess.Places(1));
        ScalarFunction.Body function = process.add(JavaScriptFunction.parse(
                "f",
                "function main(a) { if (a) { return a; } Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1); }",
                1));
        function.apply(new Object[] {true});
        System.out.println(Objects.requireNonNull(process.handle()).pid());
        function.apply(new Object[] {false});
    }
}
