package io.muster.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.service.ServiceProgram;
import io.muster.service.SettingsException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Runs the program behind ./muster. */
public final class Main {
    private static final int FAILED = 1;
    private static final int STOPPED = 3;
    private static final int NOT_READY = 4;
    /** Exceeds the supervisor's own limit, so that the supervisor reports how it ended. */
    private static final Duration DOWN_LIMIT = Standalone.END_LIMIT.plusSeconds(10);

    private static final String LOGGING = "logback.configurationFile";

    /** Begins the line that ./muster up --detach waits for. */
    private static final String DETACHED = "Detached:";

    private Main() {}

    public static void main(String[] args) throws InterruptedException {
        if (System.getProperty(LOGGING) == null) {
            boolean isNode = args.length > 0 && args[0].equals("node");
            System.setProperty(LOGGING, isNode ? "io/muster/node/logback.xml" : "io/muster/standalone/logback.xml");
        }
        if (args.length == 0) {
            System.err.println(
                    "muster: Name a command: up, down, status, connection-string, token, link, credentials or node.");
            System.exit(FAILED);
        }
        try {
            Map<String, String> arguments =
                    Options.arguments(args[0], List.of(args).subList(1, args.length));
            Options options = Options.of(arguments);
            switch (args[0]) {
                case "up" -> up(options, arguments.containsKey("--detached"));
                case "down" -> down(options);
                case "status" -> status(options, arguments.containsKey("--json"));
                case "connection-string" -> new Credentials(options, arguments).connectionString();
                case "token" -> new Credentials(options, arguments).token();
                case "node" -> ComputeNodes.runOne(options, arguments);
                case "link" -> new Credentials(options, arguments).link();
                case "credentials" -> new Credentials(options, arguments).ofSurface();
                default -> throw new StandaloneException("There is no command " + args[0] + ". See ./muster help.");
            }
        } catch (StandaloneException | SettingsException | IOException e) {
            System.err.println("muster: " + e.getMessage());
            System.exit(FAILED);
        }
    }

    private static void up(Options options, boolean detached)
            throws StandaloneException, InterruptedException, IOException {
        AtomicBoolean asked = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            if (ended.getCount() == 0) {
                return; // It ends by itself, with a status of its own.
            }
            asked.set(true);
            main.interrupt();
            Runtime.getRuntime().halt(isOver(ended) ? 0 : FAILED);
        }));
        Screen screen = new Screen(
                System.out, System.console() != null && System.console().isTerminal(), InstantSource.system());
        try (Standalone standalone = Standalone.start(options, screen, logs -> begin(screen, logs))) {
            screen.accept("Ready: " + options.rest() + " (REST and live numbers), mqtts://localhost:"
                    + options.mqttPort() + ", Kafka " + options.kafka());
            screen.accept("The CA file to trust is " + standalone.caFile() + ".");
            standalone.startNodes(screen);
            Demonstration demonstration = new Demonstration(standalone, screen);
            demonstration.connect();
            if (detached) {
                screen.accept(DETACHED + " ./muster status shows it, ./muster down ends it.");
                // The program that started it waits for that line. From here on it is nobody's, and its lines are in
                // its log.
                System.out.close();
                System.err.close();
            }
            demonstration.run();
            if (!detached) {
                screen.accept(watch(standalone));
                screen.accept("Ctrl-C ends everything.");
            }
            // The interrupt alone ends this: a second one, behind it, would end the children in disorder.
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            if (!asked.get()) {
                throw e;
            }
        } finally {
            ended.countDown();
        }
    }

    /** Says where the page of jobs is; nothing that runs ends where its owner has changed the policies. */
    private static String watch(Standalone standalone) {
        try {
            return "Watch it at "
                    + SignInLink.of(
                            standalone.options().rest(),
                            standalone.policies(),
                            InstantSource.system().instant())
                    + "\nThe link works once, within ten minutes; ./muster link makes another.";
        } catch (StandaloneException | IOException e) {
            return "There is no link to the page of jobs: " + e.getMessage();
        }
    }

    private static boolean isOver(CountDownLatch ended) {
        try {
            return ended.await(Standalone.END_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Opens the log before anything else: logging begins with the first class that logs. */
    private static void begin(Screen screen, Path logs) {
        screen.keepIn(logs.resolve("muster.log"));
        ServiceProgram.settings(); // The services inherit the environment, and so the prefix of names.
    }

    /** Returns when nothing of it runs any more; a supervisor that does not end in time is killed. */
    private static void down(Options options) throws InterruptedException {
        ProcessHandle muster =
                State.supervisor(State.processes(State.read(options.data()))).orElse(null);
        if (muster != null) {
            muster.destroy();
            try {
                muster.onExit().get(DOWN_LIMIT.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                System.out.println("Muster does not end within " + DOWN_LIMIT.toMinutes() + " minutes, and is killed.");
                muster.destroyForcibly();
                muster.onExit().join();
            }
        }
        Standalone.endLeftovers(options.data(), System.out::println);
        System.out.println(muster == null ? "Muster does not run on " + options.data() + "." : "Ended.");
    }

    private static void status(Options options, boolean json) {
        JsonNode state = State.ask(options.data());
        if (json) {
            System.out.println(state);
        } else {
            describe(state);
        }
        if (State.isStopped(state)) {
            System.exit(STOPPED);
        }
        if (!state.path("state").asText().equals("ready")) {
            System.exit(NOT_READY);
        }
    }

    private static void describe(JsonNode state) {
        List<State.Entry> processes = State.processes(state);
        System.out.println("Muster is " + state.path("state").asText() + ".");
        if (!State.isStopped(state)) {
            for (String name : List.of("rest", "mqtts", "kafka", "registry", "caFile")) {
                System.out.printf("  %-10s %s%n", name, state.path(name).asText());
            }
        } else if (!processes.isEmpty()) {
            System.out.println(
                    "Its supervisor was killed, and these still run; ./muster down ends them, and so does the next"
                            + " ./muster up:");
        }
        for (State.Entry entry : processes) {
            System.out.printf("  %-10s pid %d %s%n", entry.name(), entry.pid(), entry.operations());
        }
    }
}
