package io.muster.node.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs real programs, in shells of this machine. */
class ProgramsTest {
    private static final Map<String, String> ENVIRONMENT =
            Map.of("PATH", "/usr/local/bin:/usr/bin:/bin", "GREETING", "grüß dich");
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    @TempDir
    Path directory;

    private Programs programs;

    @BeforeEach
    void start() throws IOException {
        programs = Programs.start(Optional.empty());
    }

    @AfterEach
    void stop() {
        programs.close();
    }

    private static ConditionFactory soon() {
        return await().atMost(Heard.LIMIT);
    }

    private ProgramSpec bash(String script, Limits limits) {
        return new ProgramSpec(
                "attempt-" + NUMBERS.incrementAndGet(), List.of("bash", "-c", script), ENVIRONMENT, directory, limits);
    }

    private Heard run(String script, Limits limits) throws IOException {
        Heard heard = new Heard();
        programs.start(bash(script, limits), heard);
        heard.exit();
        return heard;
    }

    private static Limits wallClock(Duration limit) {
        return new Limits(
                Optional.of(limit),
                Optional.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalDouble.empty());
    }

    private static Limits idle(Duration limit) {
        return new Limits(
                Optional.empty(),
                Optional.of(limit),
                OptionalLong.empty(),
                OptionalLong.empty(),
                OptionalDouble.empty());
    }

    private static Limits output(long bytes) {
        return new Limits(
                Optional.empty(),
                Optional.empty(),
                OptionalLong.of(bytes),
                OptionalLong.empty(),
                OptionalDouble.empty());
    }

    private static boolean isRunning(String pid) {
        return ProcessTable.read().stream().anyMatch(entry -> entry.pid() == Long.parseLong(pid) && !entry.isZombie());
    }

    @Test
    void runsAProgramInItsDirectoryWithItsEnvironmentAlone() throws IOException {
        Heard heard = run("pwd; env | sort; echo oops >&2; cat; exit 7", Limits.NONE);
        assertThat(heard.exits).containsExactly(new Exit(7, Exit.Cause.ITSELF, 0));
        assertThat(heard.out().lines())
                .startsWith(directory.toRealPath().toString(), "GREETING=grüß dich")
                .filteredOn(line -> !line.matches("(_|PWD|SHLVL|PATH|GREETING|MUSTER_ATTEMPT|MUSTER_NODE_RUN)=.*"))
                .as("beside the directory")
                .hasSize(1);
        assertThat(heard.err()).isEqualTo("oops\n");
    }

    private ProgramSpec coordinated(String first, String script, Limits limits) {
        return new ProgramSpec(
                "attempt-" + NUMBERS.incrementAndGet(),
                List.of("bash", "-c", first),
                List.of("bash", "-c", script),
                ENVIRONMENT,
                directory,
                limits);
    }

    @Test
    void beginsItsCommandBesideWhatItsCoordinationCommandLeftRunningAndKillsThatWithIt() throws Exception {
        Heard heard = new Heard();
        Program program = programs.start(
                coordinated(
                        "setsid sleep 1000 & echo $! >left; echo first", "cat left; echo second; exit 4", Limits.NONE),
                heard);
        soon().until(() -> heard.coordinated);
        String left = Files.readString(directory.resolve("left")).strip();
        assertThat(isRunning(left)).isTrue();
        assertThat(heard.exits).isEmpty();
        program.proceed();
        program.proceed();
        assertThat(heard.exit()).isEqualTo(new Exit(4, Exit.Cause.ITSELF, 0));
        assertThat(heard.out()).isEqualTo("first\n" + left + "\nsecond\n");
        assertThat(isRunning(left)).isFalse();
    }

    @Test
    void endsWithItsCoordinationCommandWhereThatFails() throws IOException {
        Heard heard = new Heard();
        Program program = programs.start(coordinated("exit 9", "echo never", Limits.NONE), heard);
        assertThat(heard.exit()).isEqualTo(new Exit(9, Exit.Cause.ITSELF, 0));
        program.proceed();
        assertThat(heard.coordinated).isFalse();
        assertThat(heard.out()).isEmpty();
    }

    @Test
    void endsWhileItWaitsForItsCommandWithAllThatWasLeftRunning() throws Exception {
        Heard heard = new Heard();
        Program program = programs.start(coordinated("sleep 1000 & echo $!", "echo never", Limits.NONE), heard);
        soon().until(() -> heard.coordinated && !heard.out().isEmpty());
        program.stop(Duration.ofMinutes(10), Optional.empty());
        assertThat(heard.exit()).isEqualTo(new Exit(143, Exit.Cause.STOPPED, 0));
        assertThat(isRunning(heard.out().strip())).isFalse();
        program.proceed();
        assertThat(heard.exits).as("once").hasSize(1);
    }

    @Test
    void countsTheTimeOfItsCoordinationCommandAndTheWaitBehindIt() throws IOException {
        Heard heard = new Heard();
        programs.start(coordinated("true", "true", wallClock(Duration.ofMillis(300))), heard);
        assertThat(heard.exit().cause()).isEqualTo(Exit.Cause.WALL_CLOCK);
    }

    private Heard run(String... command) throws IOException {
        Heard heard = new Heard();
        programs.start(
                new ProgramSpec(
                        "attempt-" + NUMBERS.incrementAndGet(), List.of(command), ENVIRONMENT, directory, Limits.NONE),
                heard);
        heard.exit();
        return heard;
    }

    @Test
    void passesOnNoOpenFileAndNoSignalThatIsBlockedOrIgnored() throws IOException {
        assertThat(run("ls", "/proc/self/fd").out().lines())
                .as("input, output, errors, and the folder that is listed")
                .containsExactly("0", "1", "2", "3");
        assertThat(run("grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status")
                        .out()
                        .lines())
                .hasSize(2)
                .as("none but two that glibc keeps for itself")
                .allMatch(line -> line.matches("SigBlk:\\s+0+|SigIgn:\\s+0+(180000000)?"));
    }

    @Test
    void runsAScriptThatNamesNoInterpreter() throws IOException {
        Path script = Files.writeString(directory.resolve("plain"), "echo here; exit 3");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));

        Heard heard = run("./plain");

        assertThat(heard.exits).containsExactly(new Exit(3, Exit.Cause.ITSELF, 0));
        assertThat(heard.out()).isEqualTo("here\n");
    }

    @Test
    void handsOverAllOutputBeforeTheExit() throws IOException {
        Heard heard = run("seq 1 200000; seq 1 1000 >&2", Limits.NONE);
        assertThat(heard.out().lines().count()).isEqualTo(200_000);
        assertThat(heard.out()).endsWith("199999\n200000\n");
        assertThat(heard.err().lines().count()).isEqualTo(1000);
    }

    @ParameterizedTest
    @CsvSource({"exit 0, 0", "exit 3, 3", "kill -9 $$, 137", "kill -15 $$, 143", "no-such-program-anywhere, 127"})
    void tellsTheExitCodeOrTheSignal(String script, int code) throws IOException {
        assertThat(run(script, Limits.NONE).exit()).isEqualTo(new Exit(code, Exit.Cause.ITSELF, 0));
    }

    @Test
    void capsOutputAndLetsTheProgramGoOn() throws IOException {
        Heard heard = run("head -c 100000 /dev/zero; head -c 50000 /dev/zero >&2; exit 4", output(1000));
        assertThat(heard.exit()).isEqualTo(new Exit(4, Exit.Cause.ITSELF, 149_000));
        assertThat(heard.size() + heard.err().length()).isEqualTo(1000);
    }

    @Test
    void letsAProgramWaitForAListenerThatIsSlow() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        Heard heard = new Heard() {
            @Override
            public void output(Stream stream, ByteBuffer bytes) {
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                super.output(stream, bytes);
            }
        };
        Path done = directory.resolve("done");
        programs.start(bash("head -c 10000000 /dev/zero; touch done", Limits.NONE), heard);
        Heard other = run("echo meanwhile", Limits.NONE);
        assertThat(other.out()).isEqualTo("meanwhile\n");
        assertThat(done).doesNotExist();
        goOn.countDown();
        assertThat(heard.exit().code()).isZero();
        assertThat(heard.size()).isEqualTo(10_000_000);
        assertThat(done).exists();
    }

    @Test
    void killsAProgramThatRunsForTooLong() throws IOException {
        Heard heard = run("trap '' TERM INT HUP; while :; do sleep 1; done", wallClock(Duration.ofMillis(300)));
        assertThat(heard.exit()).isEqualTo(new Exit(137, Exit.Cause.WALL_CLOCK, 0));
    }

    /** Counts time by itself, in steps of a minute; programs may be idle for two. */
    private static final class Minutes {
        private final AtomicLong nanoTime = new AtomicLong();
        private final Programs programs;

        Minutes() throws IOException {
            programs = new Programs(Optional.empty(), nanoTime::get);
        }

        void pass(int minutes) {
            nanoTime.addAndGet(Duration.ofMinutes(minutes).toNanos());
            programs.tick();
        }
    }

    @Test
    void killsAProgramThatIsIdle() throws IOException {
        Minutes minutes = new Minutes();
        try (Programs timed = minutes.programs) {
            Heard heard = new Heard();
            timed.start(bash("echo ready; exec sleep 1000", idle(Duration.ofMinutes(2))), heard);
            soon().until(() -> heard.out().equals("ready\n"));
            timed.tick();
            minutes.pass(1);
            assertThat(heard.exits).isEmpty();
            // The time that the shell used before it became sleep may be seen late.
            soon().until(() -> {
                minutes.pass(3);
                return !heard.exits.isEmpty();
            });
            assertThat(heard.exit()).isEqualTo(new Exit(137, Exit.Cause.IDLE, 0));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "while :; do echo x; sleep 0.05; done, output",
        "while :; do :; done, its own processor time",
        "while :; do head -c 30000000 /dev/zero >/dev/null; done, its children's"
    })
    void letsABusyProgramRun(String script, String activity) throws IOException {
        Minutes minutes = new Minutes();
        try (Programs timed = minutes.programs) {
            Heard heard = new Heard();
            Program program = timed.start(bash(script, idle(Duration.ofMinutes(2))), heard);
            for (int i = 0; i < 5; i++) {
                long ticks = ticks(program);
                int output = heard.size();
                soon().until(() -> ticks(program) > ticks || heard.size() > output);
                minutes.pass(1);
                assertThat(heard.exits).as(activity).isEmpty();
            }
            program.kill();
            assertThat(heard.exit().cause()).isEqualTo(Exit.Cause.STOPPED);
        }
    }

    private static long ticks(Program program) {
        return ProcessTable.ticksOfSessions(ProcessTable.read()).getOrDefault(program.pid(), 0L);
    }

    @ParameterizedTest
    @CsvSource({
        "sleep 1000 & echo $!; wait, a child",
        "(sleep 1000 & echo $!; wait) & wait, a grandchild",
        "setsid bash -c 'echo $$; exec sleep 1000' & wait, one of another session",
        "(trap '' TERM HUP; nohup sleep 1000 >/dev/null 2>&1 & echo $!) ; sleep 1000, one that ignores signals"
    })
    void killsAllThatAProgramStarted(String script, String kind) throws IOException {
        Heard heard = new Heard();
        Program program = programs.start(bash(script, Limits.NONE), heard);
        soon().until(() -> heard.out().endsWith("\n"));
        String pid = heard.out().strip();
        assertThat(isRunning(pid)).as(kind).isTrue();
        program.kill();
        assertThat(heard.exit()).isEqualTo(new Exit(137, Exit.Cause.STOPPED, 0));
        assertThat(isRunning(pid)).as(kind).isFalse();
    }

    @Test
    void endsWithItsFirstProcessThoughAnotherHoldsTheOutput() throws IOException {
        Heard heard = run("sleep 1000 & echo $!; exit 5", Limits.NONE);
        assertThat(heard.exit()).isEqualTo(new Exit(5, Exit.Cause.ITSELF, 0));
        assertThat(isRunning(heard.out().strip())).isFalse();
    }

    @Test
    void killsADaemonBeforeTheEndOfItsShortProgramIsTold() throws IOException {
        Heard heard = run(
                "setsid bash -c 'echo $$ >pid; exec sleep 1000' >/dev/null 2>&1 & until [ -s pid ]; do sleep 0.05;"
                        + " done; cat pid",
                Limits.NONE);
        assertThat(isRunning(heard.out().strip())).isFalse();
    }

    @Test
    void endsThoughAProcessThatCanNotBeToldHoldsTheOutput() throws IOException {
        Heard heard = run(
                "setsid env -i bash -c 'echo $$ >pid; exec /bin/sleep 1000' & until [ -s pid ]; do sleep 0.05; done;"
                        + " cat pid",
                Limits.NONE);
        assertThat(heard.exit()).isEqualTo(new Exit(0, Exit.Cause.ITSELF, 0));
        assertThat(isRunning(heard.out().strip())).isFalse();
    }

    @Test
    void findsAProcessBehindAnEnvironmentOfManyMegabytes() throws Exception {
        Map<String, String> environment = new HashMap<>(ENVIRONMENT);
        for (int i = 0; i < 10; i++) {
            environment.put("LARGE_" + i, "x".repeat(100_000));
        }
        Process process = PosixSpawn.start(
                        new Launch(List.of("sleep", "1000"), environment, directory),
                        task -> Thread.ofPlatform().start(task))
                .orElseThrow();
        assertThat(ProcessTable.variable(process.pid(), "GREETING")).isEqualTo("gr\u00c3\u00bc\u00c3\u009f dich");
        assertThat(ProcessTable.variable(process.pid(), "LARGE_1")).isNull();
        assertThat(ProcessTable.variable(process.pid(), "REETING")).isNull();
        process.destroy();
    }

    @Test
    void leavesNoZombie() throws IOException {
        Heard heard = run("echo $$", Limits.NONE);
        assertThat(Path.of("/proc", heard.out().strip())).doesNotExist();
    }

    @Test
    void killsAProgramThatForksWithoutEnd() throws IOException {
        Heard heard = new Heard();
        Program program = programs.start(
                bash("f() { sleep 0.05; echo x; f & }; for i in 1 2 3 4 5; do f & done; wait; sleep 1000", Limits.NONE),
                heard);
        soon().until(() -> heard.size() > 20);
        program.kill();
        heard.exit();
        assertThat(ProcessTable.read())
                .filteredOn(entry -> !entry.isZombie()
                        && program.spec().id().equals(ProcessTable.variable(entry.pid(), Programs.ATTEMPT)))
                .isEmpty();
    }

    @Test
    void asksBeforeItKills() throws IOException {
        Heard heard = new Heard();
        Program polite = programs.start(
                bash("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.1; done", Limits.NONE), heard);
        soon().until(() -> heard.out().equals("ready\n"));
        polite.stop(Duration.ofMinutes(5), Optional.empty());
        assertThat(heard.exit()).isEqualTo(new Exit(3, Exit.Cause.STOPPED, 0));
        assertThat(heard.out()).endsWith("bye\n");

        Heard stubborn = new Heard();
        Program deaf =
                programs.start(bash("trap '' TERM; echo ready; while :; do sleep 0.1; done", Limits.NONE), stubborn);
        soon().until(() -> stubborn.out().equals("ready\n"));
        deaf.stop(Duration.ofMillis(200), Optional.empty());
        assertThat(stubborn.exit()).isEqualTo(new Exit(137, Exit.Cause.STOPPED, 0));
    }

    /** Has the program put a link, or a pipe that nobody reads, where its node makes a file. */
    @ParameterizedTest
    @ValueSource(strings = {"ln -s victim shutdown", "mkfifo shutdown"})
    void followsNothingThatAProgramPutInPlaceOfItsShutdownFile(String trick) throws Exception {
        Path victim = Files.writeString(directory.resolve("victim"), "precious");
        Heard heard = new Heard();
        Program program = programs.start(bash(trick + "; echo ready; sleep 60", Limits.NONE), heard);
        soon().until(() -> heard.out().equals("ready\n"));
        program.stop(Duration.ofMillis(200), Optional.of(directory.resolve("shutdown")));
        assertThat(heard.exit().cause()).isEqualTo(Exit.Cause.STOPPED);
        assertThat(victim).hasContent("precious");
    }

    @Test
    void asksByAFileWhereOneIsGiven() throws IOException {
        Heard heard = new Heard();
        Path file = directory.resolve("shutdown");
        Program program = programs.start(
                bash("echo ready; until [ -e shutdown ]; do sleep 0.1; done; echo bye", Limits.NONE), heard);
        soon().until(() -> heard.out().equals("ready\n"));
        program.stop(Duration.ofMinutes(5), Optional.of(file));
        assertThat(heard.exit()).isEqualTo(new Exit(0, Exit.Cause.STOPPED, 0));
        assertThat(heard.out()).isEqualTo("ready\nbye\n");
    }

    @Test
    void refusesASecondProgramOfTheSameAttempt() throws IOException {
        Heard heard = new Heard();
        ProgramSpec spec = bash("sleep 1000", Limits.NONE);
        Program first = programs.start(spec, heard);
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> programs.start(spec, new Heard()));
        first.kill();
        heard.exit();
        Heard again = new Heard();
        programs.start(new ProgramSpec(spec.id(), List.of("true"), ENVIRONMENT, directory, Limits.NONE), again);
        assertThat(again.exit().code()).isZero();
    }

    @Test
    void reportsADirectoryThatIsMissing() throws IOException {
        ProgramSpec lost = new ProgramSpec("lost", List.of("true"), ENVIRONMENT, directory.resolve("no"), Limits.NONE);
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> programs.start(lost, new Heard()));
        Files.createDirectory(directory.resolve("no"));
        Heard heard = new Heard();
        programs.start(lost, heard);
        assertThat(heard.exit().code()).isZero();
    }

    @Test
    void runsManyAtOnce() throws IOException {
        List<Heard> all = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            Heard heard = new Heard();
            programs.start(bash("echo " + i, Limits.NONE), heard);
            all.add(heard);
        }
        for (int i = 0; i < all.size(); i++) {
            assertThat(all.get(i).exit().code()).isZero();
            assertThat(all.get(i).out()).isEqualTo(i + "\n");
        }
    }

    @Test
    void refusesAUserThatTheMachineDoesNotHave() {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> Programs.start(Optional.of("no-such-user")))
                .withMessageContaining("no-such-user");
    }

    @Test
    void runsAsAnotherUser() throws IOException {
        Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "takes root");
        try (Programs asNobody = Programs.start(Optional.of("nobody"))) {
            Heard heard = new Heard();
            asNobody.start(
                    new ProgramSpec("nobody", List.of("id", "-un"), ENVIRONMENT, Path.of("/"), Limits.NONE), heard);
            heard.exit();
            assertThat(heard.out()).as(heard.err()).isEqualTo("nobody\n");
        }
    }

    private Heard runAsNobody(Map<String, String> environment, String... command) throws IOException {
        Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "takes root");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (Programs asNobody = Programs.start(Optional.of("nobody"))) {
            Heard heard = new Heard();
            asNobody.start(
                    new ProgramSpec(
                            "attempt-" + NUMBERS.incrementAndGet(),
                            List.of(command),
                            environment,
                            directory,
                            Limits.NONE),
                    heard);
            heard.exit();
            return heard;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"setpriv", "sh", "setsid", "env", "id"})
    void runsNoToolOfATasksOwnBeforeItsRightsAreDropped(String tool) throws IOException {
        Path tools = Files.createDirectory(directory.resolve("tools"));
        Path fake = Files.writeString(tools.resolve(tool), "#!/bin/sh\n/usr/bin/id -un >>" + directory + "/who\n");
        Files.setPosixFilePermissions(fake, PosixFilePermissions.fromString("rwxr-xr-x"));

        Heard heard = runAsNobody(Map.of("PATH", tools + ":/usr/bin:/bin"), "bash", "-c", "id -un; " + tool);

        assertThat(directory.resolve("who")).content().matches("(nobody\n)+");
        assertThat(heard.exit().code()).isZero();
    }

    @Test
    void loadsNoLibraryOfATasksOwnBeforeItsRightsAreDropped() throws IOException {
        Map<String, String> environment =
                Map.of("PATH", "/usr/bin:/bin", "LD_PRELOAD", "/no/such/library.so", "BASH_ENV", "/no/such/script");

        Heard heard = runAsNobody(environment, "true");

        assertThat(heard.err().lines()).as("the program's own error alone").hasSize(1);
        assertThat(heard.exit().code()).isZero();
    }

    @Test
    void givesAnotherUsersProgramItsEnvironmentToTheByte() throws IOException {
        Map<String, String> environment = Map.of(
                "PATH", "/usr/bin:/bin",
                "my-name", "a 'b' \"c\" \\ $HOME ${MUSTER_VALUE_0} #\nsecond line ",
                "-u", "option",
                "it's \\ \"odd\" $x #y", "grüß dich",
                "EMPTY", "",
                "LONG", "x".repeat(100_000));

        Heard heard = runAsNobody(environment, "cat", "/proc/self/environ");

        assertThat(heard.err()).isEmpty();
        assertThat(heard.out().split("\0"))
                .filteredOn(variable -> !variable.startsWith("MUSTER_"))
                .containsExactlyInAnyOrderElementsOf(environment.entrySet().stream()
                        .map(variable -> variable.getKey() + "=" + variable.getValue())
                        .toList());
    }

    /** Begins in a folder that the user can't reach by its path. */
    @Test
    void beginsWithTheRightsOfItsUser() throws IOException {
        Path secret = Files.createDirectory(directory.resolve("secret"));
        Path inner = Files.createDirectory(secret.resolve("inner"));
        Files.writeString(inner.resolve("key"), "of somebody else");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rwx------"));
        Files.createSymbolicLink(directory.resolve("working"), inner);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        Assumptions.assumeTrue(System.getProperty("user.name").equals("root"), "takes root");
        try (Programs asNobody = Programs.start(Optional.of("nobody"))) {
            Heard heard = new Heard();
            asNobody.start(
                    new ProgramSpec(
                            "reaches", List.of("cat", "key"), ENVIRONMENT, directory.resolve("working"), Limits.NONE),
                    heard);
            assertThat(heard.exit().code()).isNotZero();
            assertThat(heard.out()).isEmpty();
        }
    }

    /** Runs programs, and is killed. */
    static final class Node {
        public static void main(String[] args) throws IOException, InterruptedException {
            Programs programs = Programs.start(Optional.empty());
            Heard heard = new Heard();
            programs.start(
                    new ProgramSpec(
                            "killed",
                            List.of(
                                    "bash",
                                    "-c",
                                    "echo $$; sleep 1000 & echo $!; setsid bash -c 'echo $$; exec sleep 1000' & wait"),
                            ENVIRONMENT,
                            Path.of(args[0]),
                            Limits.NONE),
                    heard);
            await().atMost(Heard.LIMIT).until(() -> heard.out().lines().count() == 3);
            System.out.println(heard.out().replace('\n', ' ').strip());
            Thread.currentThread().join();
        }
    }

    @Test
    void leavesNothingBehindWhereItIsKilledItself() throws Exception {
        Process node = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Node.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(node.getInputStream()))) {
            String line = out.readLine();
            List<String> pids = List.of(String.valueOf(line).split(" "));
            assertThat(pids).hasSize(3).allMatch(ProgramsTest::isRunning);
            node.destroyForcibly().waitFor();
            soon().until(() -> pids.stream().noneMatch(ProgramsTest::isRunning));
        } finally {
            node.destroyForcibly();
        }
    }

    @ParameterizedTest
    @CsvSource({"''", ".", "../x", "a/b", "'a b'"})
    void refusesAnIdThatIsNone(String id) {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> new ProgramSpec(id, List.of("true"), Map.of(), directory, Limits.NONE));
    }
}
