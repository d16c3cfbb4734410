package io.muster.processor.function;

import io.muster.query.stream.EvaluationException;
import io.muster.query.stream.StreamValues;
import io.muster.query.streamjob.JavaScriptFunction;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.mozilla.javascript.Context;
import org.mozilla.javascript.ContextFactory;
import org.mozilla.javascript.Function;
import org.mozilla.javascript.RhinoException;
import org.mozilla.javascript.Scriptable;
import org.mozilla.javascript.ScriptableObject;
import org.mozilla.javascript.Undefined;

/**
 * Runs functions of users: the program of their process. Functions and calls come from the standard input, an answer to each call goes to the output;
 * the process ends with its input, or with the process that began it.
 *
 *
 * <p>A function sees its arguments alone, and nothing of Java; its variables may or may not be there at its next call. Values are what Stream
 * Analytics makes of them: a datetime is a Date, a whole number a Number, NULL null; and back. Contract: stream-analytics, 4.5.
 */
final class FunctionWorker {
    static final byte DEFINE = 0;
    static final byte CALL = 1;
    static final byte RETURNED = 2;
    static final byte FAILED = 3;

    /** Names the status with which the process ends when memory does; {@code -XX:+ExitOnOutOfMemoryError} ends it with the same. */
    static final int OUT_OF_MEMORY = 3;

    /** Bounds the instructions of one call. */
    static final long MOST_STEPS = 50_000_000;

    /** Limits a value that a function returns: its characters, and its elements. */
    static final int LARGEST_RESULT = 1024 * 1024;

    private static final int STEPS_AT_ONCE = 100_000;
    private static final int LONGEST_MESSAGE = 2000;

    private final Map<Integer, Loaded> functions = new HashMap<>();
    private final Sandbox sandbox = new Sandbox();

    static void main() throws IOException {
        InputStream in = System.in;
        OutputStream out = System.out;
        // A process whose parent was killed has nobody who bounds its call.
        ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().thenRun(FunctionWorker::end));
        try {
            new FunctionWorker().serve(in, out);
        } catch (OutOfMemoryError _) {
            // Thrown by a library, and not by the virtual machine, which would have ended already.
            Runtime.getRuntime().halt(OUT_OF_MEMORY);
        }
        end();
    }

    private static void end() {
        Runtime.getRuntime().halt(0);
    }

    /** Answers calls until the input ends. */
    void serve(InputStream from, OutputStream to) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(from));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(to));
        Context context = sandbox.enterContext();
        try {
            for (int what = in.read(); what >= 0; what = in.read()) {
                int number = in.readInt();
                if (what == DEFINE) {
                    functions.put(number, new Loaded(text(in), text(in), text(in)));
                    continue;
                }
                Loaded function = Objects.requireNonNull(functions.get(number));
                Object[] arguments = new Object[in.readInt()];
                for (int i = 0; i < arguments.length; i++) {
                    arguments[i] = Wire.read(in, new Wire.Budget(Integer.MAX_VALUE));
                }
                ByteArrayOutputStream answer = new ByteArrayOutputStream();
                try (DataOutputStream value = new DataOutputStream(answer)) {
                    Object result = function.call((Sandbox.Counting) context, arguments);
                    value.writeByte(RETURNED);
                    Wire.write(result, value);
                } catch (EvaluationException e) {
                    answer.reset();
                    String message = String.valueOf(e.getMessage());
                    DataOutputStream failure = new DataOutputStream(answer);
                    failure.writeByte(FAILED);
                    Wire.writeText(message.substring(0, Math.min(message.length(), LONGEST_MESSAGE)), failure);
                }
                answer.writeTo(out);
                out.flush();
            }
        } finally {
            Context.exit();
        }
    }

    private static String text(DataInputStream in) throws IOException {
        return Wire.readText(in, new Wire.Budget(Integer.MAX_VALUE));
    }

    /** Holds a function whose script runs before its first call. */
    private static final class Loaded {
        private final String name;
        private final String script;
        private final String entry;
        private @Nullable Function function;
        private int left;

        private Loaded(String name, String script, String entry) {
            this.name = name;
            this.script = script;
            this.entry = entry;
        }

        Object call(Sandbox.Counting context, Object[] arguments) {
            try {
                context.restart();
                Function called = function;
                if (called == null) {
                    called = load(context);
                    function = called;
                    context.restart();
                }
                Scriptable scope = called.getParentScope();
                Object[] given = new Object[arguments.length];
                for (int i = 0; i < given.length; i++) {
                    given[i] = toScript(arguments[i], context, scope);
                }
                left = LARGEST_RESULT;
                return ofScript(called.call(context, scope, scope, given), 0);
            } catch (RhinoException e) {
                throw failure(", line " + e.lineNumber() + ": " + e.details());
            } catch (StackOverflowError _) {
                throw failure(" calls itself too deep");
            } catch (Sandbox.TooManySteps _) {
                throw failure(" takes more than " + MOST_STEPS + " steps");
            } catch (EvaluationException e) {
                throw e;
            } catch (RuntimeException e) {
                // The engine's own: a length that is none, an exponent that is too large.
                throw failure(": " + e.getMessage());
            }
        }

        private Function load(Context context) {
            ScriptableObject scope = context.initSafeStandardObjects();
            context.compileString(script, name, 1, null).exec(context, scope, scope);
            if (ScriptableObject.getProperty(scope, entry) instanceof Function found) {
                return found;
            }
            throw failure(" has no function " + entry + " when its script has run");
        }

        private EvaluationException failure(String what) {
            return new EvaluationException("UDF." + name + what);
        }

        private static @Nullable Object toScript(Object value, Context context, Scriptable scope) {
            return switch (value) {
                case Long whole -> whole.doubleValue();
                case Instant instant ->
                    context.newObject(scope, "Date", new Object[] {(double) instant.toEpochMilli()});
                case Map<?, ?> record -> {
                    Scriptable object = context.newObject(scope);
                    record.forEach((key, member) ->
                            ScriptableObject.putProperty(object, (String) key, toScript(member, context, scope)));
                    yield object;
                }
                case List<?> list -> {
                    Object[] elements = new Object[list.size()];
                    for (int i = 0; i < elements.length; i++) {
                        elements[i] = toScript(list.get(i), context, scope);
                    }
                    yield context.newArray(scope, elements);
                }
                default -> value == StreamValues.NULL ? null : value;
            };
        }

        private Object ofScript(@Nullable Object value, int depth) {
            if (depth >= Wire.DEEPEST) {
                throw failure(" returns a value that is nested deeper than " + Wire.DEEPEST);
            }
            take(1);
            return switch (value) {
                case null -> StreamValues.NULL;
                case Undefined _ -> StreamValues.NULL;
                case Boolean bit -> bit;
                case CharSequence text -> {
                    take(text.length());
                    yield text.toString();
                }
                case Number number -> number(number.doubleValue());
                case Function _ -> throw failure(" returns a function, which is no value");
                case Scriptable object when object.getClassName().equals("Date") -> instant(Context.toNumber(object));
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
                        take(key.length());
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
                default -> throw failure(" returns something that is no value: " + value);
            };
        }

        private void take(int count) {
            left -= count;
            if (left < 0) {
                throw failure(" returns more than " + LARGEST_RESULT + " characters");
            }
        }

        /** Returns an instant; NULL for an invalid Date. */
        private static Object instant(double millis) {
            return Double.isNaN(millis)
                    ? StreamValues.NULL
                    : StreamValues.inCalendar(Instant.ofEpochMilli((long) millis));
        }

        /** Returns a whole number as such, as long as it fits. */
        private static Object number(double value) {
            return value == Math.rint(value) && Math.abs(value) < 0x1p63
                    ? (Object) (long) value
                    : Double.isFinite(value) ? (Object) value : StreamValues.NULL;
        }
    }

    /** Counts steps, and lets a script reach nothing of Java. */
    private static final class Sandbox extends ContextFactory {
        private static final class Counting extends Context {
            private long steps;

            private Counting(ContextFactory factory) {
                super(factory);
            }

            private void restart() {
                steps = 0;
            }
        }

        /** Ends a script; not an exception, so that no script catches it. */
        private static final class TooManySteps extends Error {
            private static final long serialVersionUID = 1;
        }

        @Override
        protected Context makeContext() {
            Counting context = new Counting(this);
            context.setLanguageVersion(JavaScriptFunction.LANGUAGE);
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
