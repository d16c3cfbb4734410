package io.muster.node.program;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds memory and processors of programs by control groups, of version 2 or 1, where this process may make them below its own. Thread-safe. Source:
 * cgroups(7), and the kernel's pages on cgroup-v2 and on cgroup-v1's memory and cpu controllers.
 */
public final class ControlGroups {
    /** Names what can be bounded. */
    public enum Resource {
        MEMORY,
        PROCESSORS
    }

    private static final Logger LOG = LoggerFactory.getLogger(ControlGroups.class);
    private static final long PERIOD_MICROS = 100_000;
    private static final String PROCESSES = "cgroup.procs";
    private static final int MOST_ROUNDS = 100;

    /** Holds for each resource the group in which those of programs are made. */
    private final Map<Resource, Path> parents;

    private final boolean isUnified;
    private final String reason;

    private ControlGroups(Map<Resource, Path> parents, boolean isUnified, String reason) {
        this.parents = parents;
        this.isUnified = isUnified;
        this.reason = reason;
    }

    /** Returns one that bounds nothing. @param reason a sentence */
    static ControlGroups none(String reason) {
        return new ControlGroups(Map.of(), false, reason);
    }

    /** Finds what this process may bound, and ends what an earlier one of that name left. @param name of its groups, which no other node of this machine has */
    public static ControlGroups find(String name) {
        ControlGroups found = find(
                Path.of("/sys/fs/cgroup"),
                Path.of("/proc/self/cgroup"),
                ProcessHandle.current().pid(),
                name);
        found.close();
        return found;
    }

    /** Finds it in such a tree. @param own holds the lines of this process's groups */
    static ControlGroups find(Path root, Path own, long pid, String name) {
        Map<Resource, Path> parents = new LinkedHashMap<>();
        try {
            Map<String, String> groups = new LinkedHashMap<>();
            for (String line : Files.readAllLines(own)) {
                String[] parts = line.split(":", 3);
                groups.put(parts[1], parts[2]);
            }
            if (Files.exists(root.resolve("cgroup.controllers"))) {
                Path group = below(root, groups.getOrDefault("", "/"));
                // A group with processes can't pass controllers on, so this process goes into one of its own.
                Path leaf = Files.createDirectories(group.resolve(name + "-node"));
                Files.writeString(leaf.resolve(PROCESSES), Long.toString(pid));
                Files.writeString(group.resolve("cgroup.subtree_control"), "+memory +cpu");
                ControlGroups unified = new ControlGroups(
                        Map.of(Resource.MEMORY, group.resolve(name), Resource.PROCESSORS, group.resolve(name)),
                        true,
                        "");
                unified.make(group.resolve(name));
                return unified;
            }
            for (Resource resource : Resource.values()) {
                String controller = resource == Resource.MEMORY ? "memory" : "cpu";
                for (Map.Entry<String, String> line : groups.entrySet()) {
                    if (List.of(line.getKey().split(",")).contains(controller)) {
                        Path group = below(root.resolve(controller), line.getValue());
                        parents.put(resource, Files.createDirectories(group.resolve(name)));
                    }
                }
            }
            return new ControlGroups(
                    parents, false, parents.size() == 2 ? "" : "this machine has no such control groups");
        } catch (IOException e) {
            return new ControlGroups(parents, false, "control groups can't be made here: " + e);
        }
    }

    /** Returns a group, or the root: in a container the path may be one that only the machine outside has. */
    private static Path below(Path root, String path) {
        Path group = root.resolve(path.substring(1));
        return Files.isDirectory(group) ? group : root;
    }

    /** Returns whether that resource is bounded. */
    public boolean bounds(Resource resource) {
        return parents.containsKey(resource);
    }

    /** Returns a sentence that says why not all are; nothing where they are. */
    public String reason() {
        return reason;
    }

    /** Makes the groups of a program. @return the files into which its first process writes 0, before it becomes the program */
    List<Path> open(String id, Limits limits) throws IOException {
        List<Path> files = new ArrayList<>();
        Path memory = parents.get(Resource.MEMORY);
        if (memory != null && limits.memoryBytes().isPresent()) {
            Path group = make(memory).resolve(id);
            Files.createDirectories(group);
            String bytes = Long.toString(limits.memoryBytes().getAsLong());
            Files.writeString(group.resolve(isUnified ? "memory.max" : "memory.limit_in_bytes"), bytes);
            files.add(group.resolve(PROCESSES));
        }
        Path processors = parents.get(Resource.PROCESSORS);
        if (processors != null && limits.processors().isPresent()) {
            Path group = make(processors).resolve(id);
            Files.createDirectories(group);
            long quota = Math.max(1000, Math.round(limits.processors().getAsDouble() * PERIOD_MICROS));
            if (isUnified) {
                Files.writeString(group.resolve("cpu.max"), quota + " " + PERIOD_MICROS);
            } else {
                Files.writeString(group.resolve("cpu.cfs_period_us"), Long.toString(PERIOD_MICROS));
                Files.writeString(group.resolve("cpu.cfs_quota_us"), Long.toString(quota));
            }
            files.add(group.resolve(PROCESSES));
        }
        return files.stream().distinct().toList();
    }

    /** Makes the group of all programs where it is not there. A node without limits has none, and so leaves none behind. */
    private Path make(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            Files.createDirectories(parent);
            if (isUnified) {
                Files.writeString(parent.resolve("cgroup.subtree_control"), "+memory +cpu");
            }
        }
        return parent;
    }

    /** Deletes the groups of a program, which has ended; processes that are left in them are killed. */
    void close(String id) {
        parents.values().stream().distinct().map(parent -> parent.resolve(id)).forEach(ControlGroups::delete);
    }

    private static void delete(Path group) {
        try {
            for (int round = 0; Files.isDirectory(group) && round < MOST_ROUNDS; round++) {
                if (round > 0) {
                    LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
                }
                for (String pid : Files.readAllLines(group.resolve(PROCESSES))) {
                    ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
                }
                group.toFile().delete();
            }
        } catch (IOException e) {
            LOG.warn("A control group can't be deleted, group={} reason={}", group, e.toString());
        }
    }

    /** Deletes all groups. */
    void close() {
        for (Path parent : parents.values().stream().distinct().toList()) {
            if (!Files.isDirectory(parent)) {
                continue;
            }
            try (DirectoryStream<Path> groups = Files.newDirectoryStream(parent, Files::isDirectory)) {
                groups.forEach(ControlGroups::delete);
            } catch (IOException e) {
                LOG.warn("Control groups can't be listed, group={} reason={}", parent, e.toString());
            }
            delete(parent);
        }
    }
}
