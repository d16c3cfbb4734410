package io.muster.processor.function;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.query.stream.EvaluationException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tries the ways out of a script to Java that are known for the engine: none leads anywhere. */
class FunctionEscapesTest {
    private static final String MARK = "muster.escaped";

    /** Marks this process, given {@code C}, which should be a class of Java. */
    private static final String ESCAPE =
            "C.forName('java.lang.System').getMethod('setProperty', C.forName('java.lang.String'), C.forName('java.lang.String'))"
                    + ".invoke(null, '" + MARK + "', 'yes'); return 'escaped';";

    @AfterEach
    void unmark() {
        System.clearProperty(MARK);
    }

    /** Lists statements that fail, each in a way of its own. */
    static Stream<String> failures() {
        return Stream.of(
                "null.x",
                "undefined()",
                "missing",
                "missing()",
                "new 1",
                "decodeURIComponent('%')",
                "encodeURIComponent('\\ud800')",
                "JSON.parse('{')",
                "JSON.parse('[1,]')",
                "var o = {}; o.o = o; JSON.stringify(o)",
                "new RegExp('(')",
                "new RegExp('a', 'zz')",
                "RegExp.prototype.exec.call({}, 'x')",
                "eval('(')",
                "new Function('(')",
                "[].length = -1",
                "new Array(-1)",
                "(1).toFixed(999)",
                "(1).toString(99)",
                "'x'.repeat(-1)",
                "'x'.normalize('none')",
                "Object.defineProperty(Object.freeze({}), 'a', {value: 1})",
                "Object.setPrototypeOf(Object.preventExtensions({}), {})",
                "Symbol() + ''",
                "1n + 1",
                "1n / 0n",
                "BigInt('x')",
                "BigInt(1.5)",
                "new Date(NaN).toISOString()",
                "[].reduce(function () {})",
                "({}) instanceof 1",
                "'a' in 'b'",
                "Reflect.construct(1)",
                "Reflect.ownKeys(1)",
                "new Proxy({}, null)",
                "var p = Proxy.revocable({}, {}); p.revoke(); p.proxy.x",
                "new Proxy({}, { get: function () { null.x; } }).y",
                "for (var x of 1) { }",
                "var [x] = 1",
                "new Set(1)",
                "new WeakMap([[1, 2]])",
                "Map.prototype.get.call({}, 1)",
                "Function.prototype.toString.call({})",
                "Date.prototype.getTime.call({})",
                "new Promise(1)",
                "var g = (function* () { g.next(); })(); g.next()",
                "new Uint8Array(-1)",
                "new DataView(new ArrayBuffer(1)).getInt32(0)",
                "new ArrayBuffer(-1)",
                "String.raw()",
                "String.fromCodePoint(-1)",
                "throw { toString: null }",
                "throw new Error('x')",
                "(function f() { return f() + 1; })()",
                "new Continuation()",
                "new JavaAdapter(1)",
                "new Iterator(1)",
                "importClass(java.lang.System)",
                "importPackage(java.lang)",
                "getClass('x')",
                "loadClass('x')",
                "load('/etc/passwd')");
    }

    @ParameterizedTest
    @MethodSource("failures")
    void showsNothingOfJavaByAnError(String failure) {
        String script = """
                function main(a) {
                    var C, found = [];
                    try { %s; } catch (e) {
                        for (var o = e; o !== null && typeof o === 'object'; o = Object.getPrototypeOf(o)) {
                            Object.getOwnPropertyNames(o).forEach(function (n) { if (/java|rhino|class/i.test(n)) found.push(n); });
                        }
                        if (e !== null && typeof e === 'object') {
                            var host = e.rhinoException || e.javaException || e.cause || e;
                            if (host.getClass) { C = host.getClass(); }
                        }
                    }
                    if (C) { %s }
                    return found;
                }
                """.formatted(failure, ESCAPE);
        holds(script, List.of());
    }

    /** Lists expressions whose value would be, or would lead to, an object or class of Java. */
    static Stream<String> doors() {
        return Stream.of(
                "java.lang.Runtime",
                "Packages",
                "Packages.java.lang.Runtime",
                "javax",
                "org.mozilla.javascript.Context",
                "com",
                "edu",
                "net",
                "this.java",
                "this['Pack' + 'ages']",
                "globalThis.java",
                "globalThis.JavaImporter",
                "new JavaImporter()",
                "JavaAdapter",
                "getClass",
                "this.getClass()",
                "this.class",
                "({}).getClass()",
                "({}).class",
                "''.getClass()",
                "''.class.forName('java.lang.System')",
                "(1).getClass()",
                "[].getClass()",
                "[].class",
                "a.getClass()",
                "a.class",
                "new Date().getClass()",
                "/x/.getClass()",
                "(function () {}).getClass()",
                "Symbol.iterator.getClass()",
                "1n.getClass()",
                "new Map().getClass()",
                "new Uint8Array(1).getClass()",
                "new Uint8Array(1).buffer.getClass()",
                "[][Symbol.iterator]().getClass()",
                "(function* () {})().getClass()",
                "Promise.resolve(1).getClass()",
                "new Proxy({}, {}).getClass()",
                "new Error('x').getClass()",
                "new Error('x').stack.getClass()",
                "new Error('x').rhinoException",
                "new Error('x').javaException",
                "Error.prototype.rhinoException",
                "Object.prototype.__javaObject__",
                "({}).__parent__.java",
                "this.__parent__",
                "this.__proto__.getClass()",
                "main.__parent__.Packages",
                "main.caller",
                "main.arguments.getClass()",
                "arguments.callee.caller",
                "arguments.getClass()",
                "({}).constructor.constructor('return java.lang.System')()",
                "[].map.constructor('return Packages')()",
                "(function* () {}).constructor('yield java')().next().value",
                "Function('return this')().java",
                "Function('return this')().Packages",
                "new Function('return java.lang.System')()",
                "eval('java.lang.System')",
                "(0, eval)('Packages')",
                "eval('this').java",
                "new Continuation()",
                "Iterator(a)",
                "new Iterator({}).getClass()",
                "StopIteration.getClass()",
                "new XML('<a/>')",
                "uneval(this).getClass()",
                "Reflect.get(this, 'Packages')",
                "Reflect.getPrototypeOf(Reflect).getClass()",
                "Reflect.construct(Function, ['return java'])()",
                "Reflect.apply(main.call, main, [null, 1]).getClass()",
                "with_()",
                "new Proxy(this, {}).Packages",
                "new Proxy(main, { apply: function (t, s, x) { return x.getClass(); } })()",
                "new Proxy({}, { get: function (t, n, r) { return r.getClass(); } }).x",
                "new Proxy({}, { has: function () { return true; } }).java",
                "({ [Symbol.toPrimitive]: function (h) { return h.getClass(); } }) + ''",
                "({ get [Symbol.toStringTag]() { return this.getClass(); } }).toString()",
                "'x'.replace(/x/, function () { return arguments[0].getClass(); })",
                "'x'.match(/x/).getClass()",
                "RegExp.lastMatch.getClass()",
                "JSON.parse('1', function (k, v) { return this.getClass(); })",
                "JSON.stringify({ toJSON: function (k) { return k.getClass(); } })",
                "(function (s) { return s.raw.getClass(); })`x`",
                "Object.getOwnPropertyDescriptor(Error.prototype, 'stack').get.call(a).getClass()",
                "Object.getOwnPropertyDescriptor(Object.prototype, '__proto__').get.call(1).getClass()",
                "__defineGetter__('x', function () { return this.java; }), x",
                "[1].sort(function () { return this.java; }).getClass()",
                "Intl.getClass()",
                "globalThis[Symbol.unscopables].getClass()",
                "require('fs')",
                "process.mainModule",
                "System.exit",
                "print.getClass()",
                "quit()",
                "exit()",
                "spawn(main)",
                "sync(main).getClass()",
                "runCommand('true')",
                "readFile('/etc/hostname')",
                "readUrl('file:///etc/hostname')",
                "defineClass('java.lang.String')",
                "deserialize('x')",
                "serialize(this, '/dev/null')",
                "Java.type('java.lang.System')",
                "Polyglot.eval('js', '1')",
                "Graal.versionECMAScript",
                "load('nashorn:mozilla_compat.js')");
    }

    @ParameterizedTest
    @MethodSource("doors")
    void leadsNowhereByKnownEscapes(String door) {
        String script = """
                function main(a) {
                    var C, host;
                    try { host = %s; } catch (e) { return 'shut'; }
                    if (host === undefined || host === null) { return 'shut'; }
                    if (host.forName) { C = host; } else if (host.getClass) { C = host.getClass(); }
                    if (C) { %s }
                    return typeof host === 'object' && /^\\[object Java/.test(Object.prototype.toString.call(host)) ? 'a host object' : 'shut';
                }
                """.formatted(door, ESCAPE);
        holds(script, "shut");
    }

    /** Lists scripts that hook into the way in which the engine makes stacks of errors. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Error.prepareStackTrace = function (e, frames) { return frames; }; return new Error('x').stack;",
                "var o = {}; Error.captureStackTrace(o); return o.stack;",
                "Error.prepareStackTrace = function (e, frames) { return frames[0].getThis(); }; return new Error('x').stack;",
                "Error.prepareStackTrace = function (e, frames) { return frames[0].getFunction(); }; return new Error('x').stack;",
                "Error.stackTraceLimit = { valueOf: function () { return this.getClass(); } }; return new Error('x').stack;",
            })
    void showsNothingOfJavaByStacks(String body) {
        assertThat(outcome("function main(a) { " + body + " }"))
                .doesNotContain("java.lang", "org.mozilla", "io.muster");
        assertThat(System.getProperty(MARK)).isNull();
    }

    /** Walks all that is reached from the global object, and from an error of each kind, by properties, symbols, prototypes and getters. */
    @Test
    void reachesNothingOfJava() {
        String walk = """
                var seen = new Set(), todo = [], found = [];
                function see(o, path) {
                    if (o === null || (typeof o !== 'object' && typeof o !== 'function') || seen.has(o) || path.length > 200) return;
                    seen.add(o);
                    todo.push([o, path]);
                }
                function attempt(f, path) { try { see(f(), path); } catch (e) { see(e, path + '!'); } }
                function main(a) {
                    see(globalThis, 'globalThis'); see(a, 'a'); see(arguments, 'arguments');
                    FAILURES.forEach(function (text) { attempt(function () { return new Function(text)(); }, 'error(' + text + ')'); });
                    while (todo.length && seen.size < 20000) {
                        let [o, path] = todo.pop();
                        attempt(function () { return Object.getPrototypeOf(o); }, path + '.__proto__');
                        attempt(function () { return o.__parent__; }, path + '.__parent__');
                        let names = [];
                        try { names = Reflect.ownKeys(o); } catch (e) { see(e, path + '!keys'); }
                        names.concat(['getClass', 'class', 'rhinoException', 'javaException']).forEach(function (n) {
                            var here = path + '.' + String(n);
                            attempt(function () { return o[n]; }, here);
                            if (/^(getClass|class|rhinoException|javaException)$/.test(String(n)) && o[n] !== undefined) found.push(here);
                        });
                        var kind = '';
                        try { kind = Object.prototype.toString.call(o); } catch (e) { see(e, path + '!kind'); }
                        if (/Java|org\\.mozilla|java\\./.test(kind)) found.push(path + ': ' + kind);
                    }
                    if (seen.size < 500) return 'walked over ' + seen.size + ' only';
                    return found;
                }
                """;
        String failures = failures()
                // A function that calls itself without end takes long to fail, and load() and the like are there
                // already as
                // missing.
                .filter(text -> !text.contains("f() + 1"))
                .map(text -> '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .toList()
                .toString();
        holds(walk.replace("FAILURES", failures), List.of());
    }

    private static void holds(String script, Object expected) {
        try {
            assertThat(result(script)).isEqualTo(expected);
        } catch (EvaluationException e) {
            assertThat(e.getMessage()).startsWith("UDF.f calls itself too deep");
        }
        assertThat(System.getProperty(MARK)).isNull();
    }

    private static String outcome(String script) {
        try {
            return String.valueOf(result(script));
        } catch (EvaluationException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** Runs it in this process, where an escape can be seen. */
    private static Object result(String script) {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try {
            DataOutputStream out = new DataOutputStream(request);
            out.writeByte(FunctionWorker.DEFINE);
            out.writeInt(0);
            Wire.writeText("f", out);
            Wire.writeText(script, out);
            Wire.writeText("main", out);
            out.writeByte(FunctionWorker.CALL);
            out.writeInt(0);
            out.writeInt(1);
            Wire.write("x", out);
            new FunctionWorker().serve(new ByteArrayInputStream(request.toByteArray()), answer);
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(answer.toByteArray()));
            Wire.Budget budget = new Wire.Budget(FunctionWorker.LARGEST_RESULT);
            if (in.readByte() == FunctionWorker.FAILED) {
                throw new EvaluationException(Wire.readText(in, budget));
            }
            return Wire.read(in, budget);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
