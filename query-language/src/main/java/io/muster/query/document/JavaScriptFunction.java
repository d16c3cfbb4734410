package io.muster.query.document;

import io.muster.query.ScalarFunction;
import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamValues;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.mozilla.javascript.Context;
import org.mozilla.javascript.ContextFactory;
import org.mozilla.javascript.Function;
import org.mozilla.javascript.RhinoException;
import org.mozilla.javascript.Script;
import org.mozilla.javascript.Scriptable;
import org.mozilla.javascript.ScriptableObject;
import org.mozilla.javascript.Undefined;

/**
 * A function that a user wrote in JavaScript, {@code function main(a, b) { … }}: of its arguments alone, since it can reach nothing else
 * and what it leaves in variables stands in one thread. Values are what Stream Analytics makes of them: a datetime is a Date, a whole number
 * a Number, NULL null; and back. Thread-safe. Contract: stream-analytics, 4.5.
 */
public final class JavaScriptFunction {
    private static final String MAIN = "main";
    private static final int DEEPEST = 100;

    /** So many steps of the language one call may take. */
    private static final long MOST_STEPS = 50_000_000;

    private static final int STEPS_AT_ONCE = 100_000;

    private static final Sandbox SANDBOX = new Sandbox();

    private final String name;
    private final Script script;

    /** The script that has run, for each thread. */
    private final ThreadLocal<Function> main;

    private JavaScriptFunction(String name, Script script) {
        this.name = name;
        this.script = script;
        this.main = ThreadLocal.withInitial(this::load);
    }

    /**
     * A function for {@link io.muster.query.stream.StreamQuery#parse}.
     *
     * @param parameters how many arguments a query gives it
     * @throws EvaluationException where the script can't be read or has no {@code main}; the message says where
     */
    public static ScalarFunction of(String name, String script, int parameters) {
        JavaScriptFunction function = SANDBOX.call(context -> {
            try {
                return new JavaScriptFunction(name, context.compileString(script, name, 1, null));
            } catch (RhinoException e) {
                throw failure(name, e);
            }
        });
        function.main.get();
        return new ScalarFunction(parameters, parameters, function::apply);
    }

    private Function load() {
        return SANDBOX.call(context -> {
            ScriptableObject scope = context.initSafeStandardObjects();
            run(() -> script.exec(context, scope, scope));
            if (scope.get(MAIN, scope) instanceof Function found) {
                return found;
            }
            throw new EvaluationException(
                    "UDF." + name + " has no function main: write function main(a) { return a; }");
        });
    }

    private Object apply(Object[] arguments) {
        Function function = main.get();
        return SANDBOX.call(context -> {
            Scriptable scope = function.getParentScope();
            Object[] given = new Object[arguments.length];
            for (int i = 0; i < given.length; i++) {
                given[i] = toScript(arguments[i], context, scope);
            }
            return ofScript(run(() -> function.call(context, scope, scope, given)), 0);
        });
    }

    private @Nullable Object run(Supplier<@Nullable Object> what) {
        try {
            return what.get();
        } catch (RhinoException e) {
            throw failure(name, e);
        } catch (StackOverflowError _) {
            throw new EvaluationException("UDF." + name + " calls itself too deep");
        } catch (Sandbox.TooManySteps _) {
            throw new EvaluationException("UDF." + name + " takes more than " + MOST_STEPS + " steps");
        }
    }

    private static EvaluationException failure(String name, RhinoException e) {
        return new EvaluationException("UDF." + name + ", line " + e.lineNumber() + ": " + e.details());
    }

    private static @Nullable Object toScript(Object value, Context context, Scriptable scope) {
        return switch (value) {
            case Long whole -> whole.doubleValue();
            case Instant instant -> context.newObject(scope, "Date", new Object[] {(double) instant.toEpochMilli()});
            case Map<?, ?> record -> {
                Scriptable object = context.newObject(scope);
                record.forEach((key, member) -> ScriptableObject.putProperty(
                        object, (String) key, toScript(StreamValues.of(member), context, scope)));
                yield object;
            }
            case List<?> list ->
                context.newArray(
                        scope,
                        list.stream()
                                .map(element -> toScript(StreamValues.of(element), context, scope))
                                .toArray());
            default -> value == StreamValues.NULL ? null : value;
        };
    }

    private Object ofScript(@Nullable Object value, int depth) {
        if (depth > DEEPEST) {
            throw new EvaluationException("UDF." + name + " returns a value that is nested deeper than " + DEEPEST);
        }
        return switch (value) {
            case null -> StreamValues.NULL;
            case Undefined _ -> StreamValues.NULL;
            case Boolean bit -> bit;
            case CharSequence text -> text.toString();
            case Number number -> number(number.doubleValue());
            case Function _ -> throw new EvaluationException("UDF." + name + " returns a function, which is no value");
            case Scriptable object
            when object.getClassName().equals("Date") -> ((Date) Context.jsToJava(object, Date.class)).toInstant();
            case List<?> array -> {
                List<Object> elements = new ArrayList<>();
                for (Object element : array) {
                    elements.add(ofScript(element, depth + 1));
                }
                yield elements;
            }
            case Scriptable object -> {
                Map<String, Object> record = new LinkedHashMap<>();
                for (Object id : object.getIds()) {
                    String key = String.valueOf(id);
                    record.put(
                            key,
                            ofScript(
                                    id instanceof Integer place
                                            ? object.get(place, object)
                                            : ScriptableObject.getProperty(object, key),
                                    depth + 1));
                }
                yield record;
            }
            default -> throw new EvaluationException("UDF." + name + " returns what is no value: " + value);
        };
    }

    /** Whole numbers are whole, as long as they fit. */
    private static Object number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 0x1p63
                ? (Object) (long) value
                : Double.isFinite(value) ? (Object) value : StreamValues.NULL;
    }

    /** Counts steps, and lets a script reach nothing of Java. */
    private static final class Sandbox extends ContextFactory {
        private static final class Counting extends Context {
            private long steps;

            private Counting(ContextFactory factory) {
                super(factory);
            }
        }

        /** Not an exception: a script does not catch it. */
        private static final class TooManySteps extends Error {
            private static final long serialVersionUID = 1;
        }

        @Override
        protected Context makeContext() {
            Counting context = new Counting(this);
            context.setLanguageVersion(Context.VERSION_ES6);
            // Without a shutter, an error that a script catches shows the exception of Java behind it, and by it every
            // class.
            context.setClassShutter(_ -> false);
            context.setGenerateObserverCount(true);
            context.setInstructionObserverThreshold(STEPS_AT_ONCE);
            return context;
        }

        @Override
        protected void observeInstructionCount(Context context, int count) {
            Counting counting = (Counting) context;
            counting.steps += count;
            if (counting.steps > MOST_STEPS) {
                throw new TooManySteps();
            }
        }
    }
}
