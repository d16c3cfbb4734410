package io.muster.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.access.ConnectionString;
import io.muster.access.SharedAccessPolicies;
import io.muster.service.ServiceProgram;
import io.muster.service.SettingsException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The program behind ./muster. */
public final class Main {
    private static final int FAILED = 1;
    private static final int DOWN_SECONDS = 60;

    private Main() {}

    public static void main(String[] args) throws InterruptedException {
        if (args.length == 0) {
            System.err.println("muster: say up, down, status or connection-string.");
            System.exit(FAILED);
        }
        try {
            Map<String, String> arguments = Options.arguments(List.of(args).subList(1, args.length));
            Options options = Options.of(arguments);
            switch (args[0]) {
                case "up" -> up(options);
                case "down" -> down(options);
                case "status" -> status(options, arguments.containsKey("--json"));
                case "connection-string" -> connectionString(options, arguments);
                default -> throw new StandaloneException("There is no command " + args[0] + ": see ./muster help.");
            }
        } catch (StandaloneException | SettingsException | IOException e) {
            System.err.println("muster: " + e.getMessage());
            System.exit(FAILED);
        }
    }

    private static void up(Options options) throws StandaloneException, InterruptedException, IOException {
        ServiceProgram.settings(); // The services inherit the environment, and so the prefix of names.
        CountDownLatch told = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
            told.countDown();
            main.interrupt();
            try {
                ended.await(DOWN_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try (Standalone standalone = Standalone.start(options, Main::say)) {
            say("Ready: " + options.rest() + " (REST and live numbers), mqtts://localhost:" + options.mqttPort()
                    + ", Kafka " + options.kafka());
            if (options.devices() > 0) {
                new Demonstration(standalone, Main::say).run();
                say("Watch it at " + options.rest() + "/ (trust " + standalone.caFile() + "). Ctrl-C ends everything.");
            }
            told.await();
        } catch (InterruptedException e) {
            if (told.getCount() > 0) {
                throw e;
            }
        } finally {
            ended.countDown();
        }
    }

    private static void down(Options options) throws StandaloneException, InterruptedException {
        List<State.Entry> entries = State.processes(State.read(options.data()));
        ProcessHandle muster = entries.stream()
                .filter(entry -> entry.name().equals("muster"))
                .flatMap(entry -> entry.alive().stream())
                .findFirst()
                .orElse(null);
        if (muster != null) {
            muster.destroy();
            try {
                muster.onExit().get(DOWN_SECONDS, TimeUnit.SECONDS);
            } catch (java.util.concurrent.ExecutionException | TimeoutException e) {
                throw new StandaloneException("Muster does not end; its pid is " + muster.pid() + ".", e);
            }
        }
        Standalone.endLeftovers(options.data(), Main::say);
        say(muster == null ? "Muster does not run on " + options.data() + "." : "Ended.");
    }

    private static void status(Options options, boolean json) {
        JsonNode state = State.read(options.data());
        if (json) {
            System.out.println(state);
            return;
        }
        System.out.println("Muster is " + state.path("state").asText() + ".");
        if (!state.path("state").asText().equals("stopped")) {
            for (String name : List.of("rest", "mqtts", "kafka", "registry", "caFile")) {
                System.out.printf("  %-10s %s%n", name, state.path(name).asText());
            }
            for (State.Entry entry : State.processes(state)) {
                System.out.printf("  %-10s pid %d %s%n", entry.name(), entry.pid(), entry.operations());
            }
        }
    }

    private static void connectionString(Options options, Map<String, String> arguments)
            throws StandaloneException, IOException {
        String policy = arguments.get("--policy");
        String device = arguments.get("--device");
        if ((policy == null) == (device == null)) {
            throw new StandaloneException("Say --policy NAME or --device ID.");
        }
        SharedAccessPolicies policies = SharedAccessPolicies.load(options.data().resolve("policies.properties"));
        if (policy != null) {
            String key = policies.named(policy)
                    .map(named -> String.valueOf(named.keys().primary()))
                    .orElseThrow(() -> new StandaloneException("There is no policy " + policy + "."));
            System.out.println(
                    ConnectionString.ofPolicy("localhost", policy, key).text());
            return;
        }
        RestClient rest = new RestClient(options.rest(), options.data().resolve("ca/ca.pem"), policies);
        RestClient.Answer answer = rest.send("GET", "/devices/" + device, null).join();
        if (answer.status() != 200) {
            throw new StandaloneException(
                    "The API knows no device " + device + " (it answered " + answer.status() + ").");
        }
        String key = answer.body().at("/authentication/symmetricKey/primaryKey").asText();
        System.out.println(ConnectionString.ofDevice("localhost", String.valueOf(device), key)
                .text());
    }

    /** A line that begins with a carriage return goes on in place. */
    private static synchronized void say(String line) {
        if (line.startsWith("\r")) {
            System.out.print(line);
        } else {
            System.out.println(line);
        }
        System.out.flush();
    }
}
