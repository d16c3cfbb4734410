package io.muster.query.streamjob;

import io.muster.query.stream.EvaluationException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.mozilla.javascript.CompilerEnvirons;
import org.mozilla.javascript.Context;
import org.mozilla.javascript.ContextFactory;
import org.mozilla.javascript.Node;
import org.mozilla.javascript.Parser;
import org.mozilla.javascript.RhinoException;
import org.mozilla.javascript.ast.Assignment;
import org.mozilla.javascript.ast.AstNode;
import org.mozilla.javascript.ast.AstRoot;
import org.mozilla.javascript.ast.ExpressionStatement;
import org.mozilla.javascript.ast.FunctionNode;
import org.mozilla.javascript.ast.Name;
import org.mozilla.javascript.ast.VariableDeclaration;

/**
 * Holds a function that a user wrote in JavaScript, {@code function main(a, b) { … }}: it is read, and never run here. Contract: stream-analytics,
 * 4.5.
 *
 * @param name by which a query calls it, {@code UDF.name}
 * @param entry the script's function that is called
 * @param parameters how many arguments a query gives it
 */
public record JavaScriptFunction(String name, String script, String entry, int parameters) {
    /** Fixes the version of the language for every place that reads or runs scripts. */
    public static final int LANGUAGE = Context.VERSION_ES6;

    private static final String MAIN = "main";
    private static final int MOST_CHARACTERS = 256 * 1024;

    /**
     * Reads a script, and compiles it, which runs nothing of it.
     *
     * @throws EvaluationException where it can't be read or it isn't clear which of its functions is meant; the message says where
     */
    public static JavaScriptFunction parse(String name, String script, int parameters) {
        if (script.length() > MOST_CHARACTERS) {
            throw new EvaluationException(
                    "UDF." + name + " has a script of more than " + MOST_CHARACTERS + " characters: shorten it.");
        }
        try {
            List<String> functions = new ContextFactory().call(context -> {
                context.setLanguageVersion(LANGUAGE);
                context.setInterpretedMode(true);
                context.setClassShutter(_ -> false);
                context.compileString(script, name, 1, null);
                CompilerEnvirons environs = new CompilerEnvirons();
                environs.initFromContext(context);
                return functions(new Parser(environs).parse(script, name, 1));
            });
            return new JavaScriptFunction(name, script, entry(name, functions), parameters);
        } catch (RhinoException e) {
            throw new EvaluationException(
                    "UDF." + name + (e.lineNumber() > 0 ? ", line " + e.lineNumber() : "") + ": " + e.details());
        } catch (StackOverflowError _) {
            throw new EvaluationException("UDF." + name + " is nested too deep: write it in several functions.");
        }
    }

    /** Returns the names of the functions at the script's top level. */
    private static List<String> functions(AstRoot root) {
        List<String> functions = new ArrayList<>();
        for (Node node : root) {
            switch (node) {
                case FunctionNode function -> functions.add(function.getName());
                case VariableDeclaration declaration ->
                    declaration
                            .getVariables()
                            .forEach(variable -> add(functions, variable.getTarget(), variable.getInitializer()));
                case ExpressionStatement statement
                when statement.getExpression() instanceof Assignment assignment ->
                    add(functions, assignment.getLeft(), assignment.getRight());
                default -> {}
            }
        }
        return functions;
    }

    private static void add(List<String> functions, AstNode target, @Nullable AstNode value) {
        if (target instanceof Name name && value instanceof FunctionNode) {
            functions.add(name.getIdentifier());
        }
    }

    /** Returns the function that is called like the UDF, or main, or that is the only one. */
    private static String entry(String name, List<String> functions) {
        if (functions.isEmpty()) {
            throw new EvaluationException(
                    "UDF." + name + " has no function at its top level: write function main(a) { return a; }.");
        }
        return functions.stream()
                .filter(name::equals)
                .findFirst()
                .or(() -> functions.stream().filter(MAIN::equals).findFirst())
                .or(() -> functions.stream().filter(name::equalsIgnoreCase).findFirst())
                .or(() -> functions.stream().filter(_ -> functions.size() == 1).findFirst())
                .orElseThrow(() -> new EvaluationException("UDF." + name + " has the functions "
                        + String.join(", ", functions) + ": call the one that is meant " + name + " or " + MAIN + "."));
    }
}
