package io.muster.gateway.channel.tasks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.records.AcknowledgeExit;
import io.muster.records.ExitCause;
import io.muster.records.GrantLease;
import io.muster.records.JoinPool;
import io.muster.records.KillAttempt;
import io.muster.records.LeavePool;
import io.muster.records.NodeReported;
import io.muster.records.ProceedAttempt;
import io.muster.records.ProgramCoordinated;
import io.muster.records.ProgramExited;
import io.muster.records.ProgramStarted;
import io.muster.records.RestartProgram;
import io.muster.records.StartAttempt;
import io.muster.records.StopAttempt;
import io.muster.records.TaskAttempt;
import io.muster.records.TaskFile;
import io.muster.records.TaskProgram;
import io.muster.records.TaskToken;
import io.muster.records.WebFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Writes orders to nodes and reads their reports, as JSON. Thread-safe. Protocol: docs/nodes.md. */
final class TaskJson {
    private static final ObjectMapper JSON = JsonMapper.builder().build();
    /** Bounds what a node says at once. */
    private static final int MOST_REPORTS = 100;

    /** Bounds the attempts that one report names. */
    private static final int MOST_HELD = 4096;

    /** Bounds the capabilities of a node: its interpreters and its labels. */
    private static final int MOST_CAPABILITIES = 256;

    /** Bounds a capability, a name and a value, and the name of a node's run. */
    private static final int LONGEST_NAME = 256;

    /** Matches addresses and names of hosts, and that there is none. */
    private static final Pattern ADDRESS = Pattern.compile("[A-Za-z0-9:._-]{0,253}");

    private static final int LONGEST = 1024;
    /** Bounds the slots of a node, so that its reports have room for as many attempts. */
    private static final int MOST_SLOTS = 1024;

    private TaskJson() {}

    private static String type(Object order) {
        return switch (order) {
            case JoinPool _ -> "join";
            case LeavePool _ -> "leave";
            case GrantLease _ -> "lease";
            case StartAttempt _ -> "start";
            case StopAttempt _ -> "stop";
            case KillAttempt _ -> "kill";
            case AcknowledgeExit _ -> "acknowledge";
            case RestartProgram _ -> "restart";
            case ProceedAttempt _ -> "proceed";
            case Object unknown -> throw new IllegalStateException("not an order, class=" + unknown.getClass());
        };
    }

    /** Returns an order as JSON. */
    static byte[] order(Object order) {
        ObjectNode body = JSON.createObjectNode();
        body.put("type", type(order));
        switch (order) {
            case JoinPool join -> body.put("leaseSeconds", join.getLeaseSeconds());
            case LeavePool _ -> {
                // The pool says it all.
            }
            case GrantLease grant -> body.put("number", grant.getNumber());
            case StartAttempt start -> {
                put(body, start.getToken());
                TaskAttempt attempt = start.getAttempt();
                body.putObject("attempt")
                        .put("systemVersion", attempt.getSystemVersion())
                        .put("requeues", attempt.getRequeues())
                        .put("retries", attempt.getRetries());
                body.put("slots", start.getSlots());
                put(body.putObject("program"), start.getProgram());
            }
            case StopAttempt stop -> put(body, stop.getToken());
            case KillAttempt kill -> put(body, kill.getToken());
            case AcknowledgeExit acknowledge -> {
                put(body, acknowledge.getToken());
                body.put("again", acknowledge.getAgain());
            }
            case RestartProgram restart -> body.put("boot", restart.getBoot());
            case ProceedAttempt proceed -> put(body, proceed.getToken());
            case Object unknown -> throw new IllegalStateException("not an order, class=" + unknown.getClass());
        }
        try {
            return JSON.writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of nodes can always be written", e);
        }
    }

    private static void put(ObjectNode body, TaskToken token) {
        body.putObject("token").put("taskId", token.getTaskId()).put("placement", token.getPlacement());
    }

    private static void put(ObjectNode body, TaskProgram program) {
        ArrayNode command = body.putArray("command");
        program.getCommand().forEach(command::add);
        if (!program.getCoordination().isEmpty()) {
            ArrayNode coordination = body.putArray("coordination");
            program.getCoordination().forEach(coordination::add);
        }
        ObjectNode environment = body.putObject("environment");
        program.getEnvironment().forEach(environment::put);
        ObjectNode ofNode = body.putObject("nodeEnvironment");
        program.getNodeEnvironment().forEach((name, value) -> ofNode.put(name, value.name()));
        ArrayNode files = body.putArray("files");
        for (TaskFile file : program.getFiles()) {
            files.addObject()
                    .put("sha256", file.getSha256())
                    .put("bytes", file.getBytes())
                    .put("path", file.getPath())
                    .put("unzip", file.getUnzip());
        }
        ArrayNode webFiles = body.putArray("webFiles");
        for (WebFile file : program.getWebFiles()) {
            ObjectNode one = webFiles.addObject().put("url", file.getUrl()).put("path", file.getPath());
            if (file.getMode() != null) {
                one.put("mode", file.getMode());
            }
        }
        body.put("directory", program.getDirectory());
        if (program.getDataDirectory() != null) {
            body.put("dataDirectory", program.getDataDirectory());
        }
        body.put("graceSeconds", program.getGraceSeconds());
        if (program.getWallClockSeconds() != null) {
            body.put("wallClockSeconds", program.getWallClockSeconds());
        }
        if (program.getIdleSeconds() != null) {
            body.put("idleSeconds", program.getIdleSeconds());
        }
        if (program.getOutputBytes() != null) {
            body.put("outputBytes", program.getOutputBytes());
        }
        if (program.getMemoryBytes() != null) {
            body.put("memoryBytes", program.getMemoryBytes());
        }
        if (program.getProcessors() != null) {
            body.put("processors", program.getProcessors());
        }
        if (program.getRetentionSeconds() != null) {
            body.put("retentionSeconds", program.getRetentionSeconds());
        }
    }

    /** Reads what a node says at once, those of {@code NodeReports}; empty where one of it can't be read, it is none, or too many. */
    static Optional<List<Object>> reports(byte[] body) {
        try {
            @Nullable JsonNode said = JSON.readTree(body);
            return said != null && said.isArray() && !said.isEmpty()
                    ? list(said, MOST_REPORTS, TaskJson::report)
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Optional<Object> report(JsonNode said) {
        return switch (said.path("type").asText()) {
            case "node" -> node(said);
            case "started" -> token(said.path("token")).map(ProgramStarted::new);
            case "coordinated" -> token(said.path("token")).map(ProgramCoordinated::new);
            case "exited" -> exited(said);
            default -> Optional.empty();
        };
    }

    private static Optional<Object> node(JsonNode said) {
        Optional<List<TaskToken>> holding = list(said.path("holding"), MOST_HELD, TaskJson::token);
        Optional<List<String>> capabilities = list(said.path("capabilities"), MOST_CAPABILITIES, TaskJson::name);
        JsonNode number = said.path("number");
        JsonNode slots = said.path("slots");
        Optional<String> boot = name(said.path("boot"));
        String address = said.path("address").asText();
        if (!number.canConvertToLong()
                || !slots.canConvertToInt()
                || slots.asInt() < 0
                || slots.asInt() > MOST_SLOTS
                || boot.isEmpty()
                || !ADDRESS.matcher(address).matches()
                || holding.isEmpty()
                || capabilities.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new NodeReported(
                number.asLong(), boot.get(), slots.asInt(), capabilities.get(), holding.get(), address));
    }

    /** Returns what a list holds, none where it is absent; empty where it is too long, or one of them can't be read. */
    private static <T> Optional<List<T>> list(JsonNode said, int most, Function<JsonNode, Optional<T>> read) {
        if (!(said.isArray() || said.isMissingNode()) || said.size() > most) {
            return Optional.empty();
        }
        List<T> all = new ArrayList<>();
        for (JsonNode each : said) {
            Optional<T> one = read.apply(each);
            if (one.isEmpty()) {
                return Optional.empty();
            }
            all.add(one.get());
        }
        return Optional.of(all);
    }

    private static Optional<String> name(JsonNode said) {
        return Optional.of(said.asText())
                .filter(name -> said.isTextual()
                        && !name.isEmpty()
                        && name.length() <= LONGEST_NAME
                        && name.chars().noneMatch(Character::isISOControl));
    }

    private static Optional<Object> exited(JsonNode said) {
        Optional<ExitCause> cause = cause(said.path("cause").asText());
        JsonNode code = said.path("code");
        String detail = said.path("detail").asText();
        return code.canConvertToInt() && cause.isPresent()
                ? token(said.path("token"))
                        .map(token -> new ProgramExited(
                                token,
                                code.asInt(),
                                cause.get(),
                                detail.substring(0, Math.min(LONGEST, detail.length()))))
                : Optional.empty();
    }

    private static Optional<ExitCause> cause(String name) {
        for (ExitCause cause : ExitCause.values()) {
            if (cause.name().equals(name)) {
                return Optional.of(cause);
            }
        }
        return Optional.empty();
    }

    private static Optional<TaskToken> token(JsonNode said) {
        String taskId = said.path("taskId").asText();
        JsonNode placement = said.path("placement");
        return !isTaskId(taskId) || !placement.canConvertToLong()
                ? Optional.empty()
                : Optional.of(new TaskToken(taskId, placement.asLong()));
    }

    /** Returns whether a task may have that id. */
    static boolean isTaskId(String taskId) {
        return !taskId.isEmpty() && taskId.length() <= LONGEST && taskId.indexOf('\0') < 0;
    }
}
