package io.muster.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Writes and reads what runs and where: the file state.json of the data folder, for ./muster status and ./muster down. */
final class State {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FILE = "state.json";
    static final String STARTING = "starting";
    static final String READY = "ready";

    private static final String STOPPED = "stopped";
    private static final int PATIENCE = 2000;

    /** Holds a process: its pid alone may be another's by now, so its start is kept too. */
    record Entry(String name, long pid, Instant startedAt, String operations) {
        Optional<ProcessHandle> alive() {
            return ProcessHandle.of(pid)
                    .filter(ProcessHandle::isAlive)
                    .filter(handle ->
                            handle.info().startInstant().map(startedAt::equals).orElse(false));
        }
    }

    private State() {}

    static void write(Path data, ObjectNode status, List<Entry> processes) throws IOException {
        put(status, processes);
        Path next = data.resolve(FILE + ".next");
        Files.writeString(next, status.toString());
        Files.move(next, data.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Returns the file with the processes that live, or {@code {"state":"stopped"}} where the process that wrote it has ended. */
    static ObjectNode read(Path data) {
        ObjectNode state = file(data);
        List<Entry> living = processes(state).stream()
                .filter(entry -> entry.alive().isPresent())
                .toList();
        if (supervisor(living).isEmpty()) {
            state.put("state", STOPPED);
        }
        put(state, living);
        return state;
    }

    private static ObjectNode file(Path data) {
        try {
            return (ObjectNode) JSON.readTree(Files.readString(data.resolve(FILE)));
        } catch (IOException | ClassCastException e) {
            return JSON.createObjectNode();
        }
    }

    /**
     * Returns the same as {@link #read}, and asks the services: one that was started again a moment ago may not be ready, and of one that has
     * ended the supervisor may not have written yet.
     */
    static ObjectNode ask(Path data) {
        List<Entry> written = processes(file(data));
        ObjectNode state = read(data);
        if (state.path("state").asText().equals(READY) && !written.stream().allMatch(State::isReady)) {
            state.put("state", STARTING);
        }
        return state;
    }

    private static boolean isReady(Entry entry) {
        if (entry.alive().isEmpty()) {
            return Standalone.isOnDeviceSide(entry.name());
        }
        if (!entry.operations().startsWith("http://")) {
            return true; // It has none: the broker, the registry, the devices.
        }
        try {
            URLConnection asked =
                    URI.create(entry.operations() + "/health/ready").toURL().openConnection();
            asked.setConnectTimeout(PATIENCE);
            asked.setReadTimeout(PATIENCE);
            return ((HttpURLConnection) asked).getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException e) {
            return false;
        }
    }

    static boolean isStopped(JsonNode state) {
        return state.path("state").asText().equals(STOPPED);
    }

    /** Returns the process that started the others. */
    static Optional<ProcessHandle> supervisor(List<Entry> processes) {
        return processes.stream()
                .filter(entry -> entry.name().equals("muster"))
                .flatMap(entry -> entry.alive().stream())
                .findFirst();
    }

    private static void put(ObjectNode state, List<Entry> processes) {
        ArrayNode list = state.putArray("processes");
        for (Entry entry : processes) {
            list.addObject()
                    .put("name", entry.name())
                    .put("pid", entry.pid())
                    .put("startedAt", entry.startedAt().toString())
                    .put("operations", entry.operations());
        }
    }

    static List<Entry> processes(JsonNode state) {
        List<Entry> entries = new ArrayList<>();
        for (JsonNode process : state.path("processes")) {
            entries.add(new Entry(
                    process.path("name").asText(),
                    process.path("pid").asLong(),
                    Instant.parse(process.path("startedAt").asText("1970-01-01T00:00:00Z")),
                    process.path("operations").asText()));
        }
        return entries;
    }
}
