package io.muster.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import io.muster.access.ConnectionString;
import io.muster.access.SharedAccessPolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Registers compute nodes as devices, by the public REST API, and starts their programs: {@code node-1} and on in the pool {@code default}, and behind
 * them the reserve, in no pool. The pool of a device that was registered before stays as it is.
 */
final class ComputeNodes {
    private static final String POOL = "default";
    private static final String PREFIX = "node-";
    private static final String HOST = "localhost";
    private static final Duration PAUSE = Duration.ofSeconds(2);
    private static final int TRIES = 30;
    private static final int OK = 200;
    private static final int CONFLICT = 409;

    private final Standalone standalone;
    private final Consumer<String> say;

    ComputeNodes(Standalone standalone, Consumer<String> say) {
        this.standalone = standalone;
        this.say = say;
    }

    /** Returns whether a process of that name is a node. */
    static boolean isNode(String name) {
        return name.matches(PREFIX + "\\d+");
    }

    /** Starts as many as the options say; where it can't, it says so, and everything else goes on. */
    void start() throws InterruptedException {
        Options options = standalone.options();
        try {
            RestClient rest = new RestClient(options.rest(), standalone.caFile(), standalone.policies());
            for (int number = 1; number <= options.nodes() + options.spareNodes(); number++) {
                String id = PREFIX + number;
                Path folder = registered(rest, id, number <= options.nodes() ? Optional.of(POOL) : Optional.empty());
                standalone.startNode(
                        id, settings(folder, options.rest(), options.mqttPort(), standalone.caFile(), Map.of()));
            }
        } catch (StandaloneException | IOException e) {
            say.accept("Not all compute nodes were started: " + e.getMessage() + " Everything else goes on running.");
        }
    }

    /** Registers a node and writes its connection string. @return its folder */
    private Path registered(RestClient rest, String id, Optional<String> pool)
            throws StandaloneException, IOException, InterruptedException {
        for (int tries = 1; ; tries++) {
            try {
                register(rest, id);
                JsonNode compute = answered(rest, "GET", "/twins/" + id, null).at("/tags/compute");
                if (!compute.path("pool").isTextual()) {
                    if (pool.isPresent()) {
                        join(rest, id, pool.get());
                    } else if (!compute.path("spare").asBoolean()) {
                        mark(rest, id, "{\"spare\":true}");
                    }
                }
                return folder(standalone.options().data(), id, key(rest, id));
            } catch (StandaloneException e) {
                if (tries == TRIES) {
                    throw e;
                }
                Thread.sleep(PAUSE);
            }
        }
    }

    /** Returns whether it was not registered before. */
    private static boolean register(RestClient rest, String id) throws StandaloneException, InterruptedException {
        RestClient.Answer answer = rest.call("PUT", "/devices/" + id, "{\"deviceId\":\"" + id + "\"}");
        if (answer.status() != OK && answer.status() != CONFLICT) {
            throw refused("The device " + id + " can't be registered", answer);
        }
        return answer.status() == OK;
    }

    private static void join(RestClient rest, String id, String pool) throws StandaloneException, InterruptedException {
        mark(rest, id, "{\"pool\":\"" + pool + "\"}");
    }

    /** Makes a device a node: without a mark in its tags it is none, whatever it says. */
    private static void mark(RestClient rest, String id, String compute)
            throws StandaloneException, InterruptedException {
        answered(rest, "PATCH", "/twins/" + id, "{\"tags\":{\"compute\":" + compute + "}}");
    }

    private static String key(RestClient rest, String id) throws StandaloneException, InterruptedException {
        return answered(rest, "GET", "/devices/" + id, null)
                .at("/authentication/symmetricKey/primaryKey")
                .asText();
    }

    private static JsonNode answered(RestClient rest, String method, String path, @Nullable String body)
            throws StandaloneException, InterruptedException {
        RestClient.Answer answer = rest.call(method, path, body);
        if (answer.status() != OK) {
            throw refused("The API refuses " + method + " " + path, answer);
        }
        return answer.body();
    }

    private static StandaloneException refused(String problem, RestClient.Answer answer) {
        return new StandaloneException(problem + " (it answered " + answer.status() + ": " + answer.body() + ").");
    }

    /** Makes the folder of a node, with its connection string for its owner's eyes only. */
    private static Path folder(Path data, String id, String key) throws IOException {
        Path folder = Files.createDirectories(data.resolve("nodes").resolve(id));
        Path file = folder.resolve("connection-string");
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, ConnectionString.ofDevice(HOST, id, key).text());
        return folder;
    }

    /** Refuses to start a node a second time: to have it join a pool would end what it runs. */
    private static void refuseWhileItRuns(Path data, String id) throws StandaloneException, IOException {
        if (io.muster.node.Main.isRunning(data.resolve("nodes").resolve(id).resolve("data"))) {
            throw new StandaloneException(
                    "The node " + id + " runs already. End it first, or leave --name out to start another one.");
        }
    }

    private static List<String> settings(
            Path folder, String rest, int mqttPort, Path caFile, Map<String, String> more) {
        List<String> settings = new ArrayList<>(List.of(
                "--connection.string.file=" + folder.resolve("connection-string"),
                "--port=" + mqttPort,
                "--ca=" + caFile,
                "--rest.url=" + rest,
                "--data.dir=" + folder.resolve("data")));
        more.forEach((name, value) -> settings.add("--" + name + "=" + value));
        return settings;
    }

    /** Runs one more node in this process, for the Muster that runs on the data folder, until it is ended. */
    static void runOne(Options options, Map<String, String> arguments)
            throws StandaloneException, IOException, InterruptedException {
        String pool = Optional.ofNullable(arguments.get("--pool"))
                .filter(name -> name.matches("[A-Za-z0-9_-]{1,64}"))
                .orElseThrow(() ->
                        new StandaloneException("--pool takes a name of letters, digits, - and _, up to 64 of them."));
        int slots = Options.number(arguments, "--slots", 0, 1, 1024);
        JsonNode state = State.read(options.data());
        if (State.isStopped(state)) {
            throw new StandaloneException("No Muster runs on " + options.data()
                    + ". Start one with ./muster up, or name its folder with --data DIR.");
        }
        String restAddress = state.path("rest").asText();
        String mqtts = state.path("mqtts").asText();
        Path caFile = Path.of(state.path("caFile").asText());
        RestClient rest = new RestClient(
                restAddress, caFile, SharedAccessPolicies.load(options.data().resolve("policies.properties")));
        String id = arguments.getOrDefault("--name", "");
        if (id.isEmpty()) {
            int number = 1;
            while (!register(rest, PREFIX + number)) {
                number++;
            }
            id = PREFIX + number;
        } else {
            if (!id.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")) {
                throw new StandaloneException("--name takes letters, digits, -, _ and dots, up to 128 of them.");
            }
            refuseWhileItRuns(options.data(), id);
            register(rest, id);
        }
        join(rest, id, pool);
        Path folder = folder(options.data(), id, key(rest, id));
        System.out.println("The node " + id + " runs in the pool " + pool + ". Ctrl-C ends it.");
        io.muster.node.Main.main(settings(
                        folder,
                        restAddress,
                        Integer.parseInt(mqtts.substring(mqtts.lastIndexOf(':') + 1)),
                        caFile,
                        slots == 0 ? Map.of() : Map.of("slots", Integer.toString(slots)))
                .toArray(String[]::new));
    }
}
