package io.muster.node.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.muster.node.work.Order;
import io.muster.node.work.TaskProgram;
import io.muster.node.work.TaskProgram.NodeValue;
import io.muster.node.work.Token;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Reads orders. Members that it does not know are passed over. */
public final class OrderReader {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int USUAL_GRACE_SECONDS = 5;
    /** Bounds times to a hundred years: Batch's usual limit is more nanoseconds than can be counted. */
    private static final long LONGEST_SECONDS = Duration.ofDays(36_500).toSeconds();

    private OrderReader() {}

    /** Holds the orders of a message, and why others of it can't be read. */
    public record Read(List<Order> orders, List<String> unreadable) {}

    /** Reads orders of a pool. One to start a program that can't be read is a {@link Order.StartUnreadable}. */
    public static Read read(String poolId, byte[] body) {
        JsonNode json;
        try {
            json = JSON.readTree(body);
        } catch (IOException e) {
            return new Read(List.of(), List.of("Orders are JSON."));
        }
        if (!json.isArray()) {
            return new Read(List.of(), List.of("Orders are a list."));
        }
        List<Order> orders = new ArrayList<>();
        List<String> unreadable = new ArrayList<>();
        for (JsonNode each : json) {
            try {
                orders.add(order(poolId, each));
            } catch (IllegalArgumentException e) {
                unreadable.add(String.valueOf(e.getMessage()));
            }
        }
        return new Read(orders, unreadable);
    }

    private static Order order(String poolId, JsonNode json) {
        String type = text(json, "type");
        return switch (type) {
            case "join" -> new Order.Join(poolId, Duration.ofSeconds(positive(json, "leaseSeconds")));
            case "leave" -> new Order.Leave(poolId);
            case "lease" -> new Order.Lease(poolId, whole(json, "number"));
            case "start" -> start(poolId, token(json), json);
            case "proceed" -> new Order.Proceed(poolId, token(json));
            case "stop" -> new Order.Stop(poolId, token(json));
            case "kill" -> new Order.Kill(poolId, token(json));
            case "restart" -> new Order.Restart(poolId, text(json, "boot"));
            case "acknowledge" ->
                new Order.Acknowledge(poolId, token(json), json.path("again").asBoolean());
            default -> throw new IllegalArgumentException("There is no order " + type + ".");
        };
    }

    private static Token token(JsonNode json) {
        JsonNode token = json.path("token");
        return new Token(text(token, "taskId"), whole(token, "placement"));
    }

    private static Order start(String poolId, Token token, JsonNode json) {
        try {
            int slots = (int) Math.min(Integer.MAX_VALUE, positive(json, "slots"));
            return new Order.Start(poolId, token, slots, program(json.path("program")));
        } catch (IllegalArgumentException e) {
            return new Order.StartUnreadable(poolId, token, String.valueOf(e.getMessage()));
        }
    }

    private static TaskProgram program(JsonNode json) {
        Map<String, String> environment = new HashMap<>();
        json.path("environment")
                .properties()
                .forEach(member ->
                        environment.put(member.getKey(), member.getValue().asText()));
        Map<String, NodeValue> nodeEnvironment = new HashMap<>();
        json.path("nodeEnvironment")
                .properties()
                .forEach(member -> nodeEnvironment.put(
                        member.getKey(), NodeValue.valueOf(member.getValue().asText())));
        List<TaskProgram.File> files = new ArrayList<>();
        json.path("files")
                .forEach(file -> files.add(new TaskProgram.File(
                        text(file, "sha256"),
                        whole(file, "bytes"),
                        file.path("path").asText(),
                        file.path("unzip").asBoolean())));
        return new TaskProgram(
                words(json.path("coordination")),
                words(json.path("command")),
                environment,
                nodeEnvironment,
                files,
                webFiles(json.path("webFiles")),
                json.path("directory").asText(""),
                optional(json, "dataDirectory").map(JsonNode::asText),
                optional(json, "graceSeconds")
                        .map(_ -> seconds(json, "graceSeconds"))
                        .orElse(Duration.ofSeconds(USUAL_GRACE_SECONDS)),
                optional(json, "wallClockSeconds").map(_ -> seconds(json, "wallClockSeconds")),
                optional(json, "idleSeconds").map(_ -> seconds(json, "idleSeconds")),
                optionalLong(json, "outputBytes"),
                optionalLong(json, "memoryBytes"),
                optional(json, "processors")
                        .map(JsonNode::asDouble)
                        .map(OptionalDouble::of)
                        .orElse(OptionalDouble.empty()),
                optional(json, "retentionSeconds").map(_ -> seconds(json, "retentionSeconds")));
    }

    private static List<String> words(JsonNode json) {
        List<String> words = new ArrayList<>();
        json.forEach(word -> words.add(word.asText()));
        return words;
    }

    private static List<TaskProgram.WebFile> webFiles(JsonNode json) {
        List<TaskProgram.WebFile> files = new ArrayList<>();
        json.forEach(file -> files.add(new TaskProgram.WebFile(
                text(file, "url"), text(file, "path"), optional(file, "mode").map(JsonNode::asText))));
        return files;
    }

    private static Optional<JsonNode> optional(JsonNode json, String name) {
        return json.hasNonNull(name) ? Optional.of(json.get(name)) : Optional.empty();
    }

    private static OptionalLong optionalLong(JsonNode json, String name) {
        return json.hasNonNull(name) ? OptionalLong.of(whole(json, name)) : OptionalLong.empty();
    }

    private static Duration seconds(JsonNode json, String name) {
        long seconds = whole(json, name);
        if (seconds < 0) {
            throw new IllegalArgumentException(name + " is no less than 0.");
        }
        return Duration.ofSeconds(Math.min(seconds, LONGEST_SECONDS));
    }

    private static long positive(JsonNode json, String name) {
        long value = whole(json, name);
        if (value <= 0) {
            throw new IllegalArgumentException(name + " is more than 0.");
        }
        return value;
    }

    private static String text(JsonNode json, String name) {
        JsonNode value = json.path(name);
        if (!value.isTextual() || value.asText().isEmpty()) {
            throw new IllegalArgumentException(name + " is a text.");
        }
        return value.asText();
    }

    private static long whole(JsonNode json, String name) {
        JsonNode value = json.path(name);
        if (!value.canConvertToExactIntegral() || !value.canConvertToLong()) {
            throw new IllegalArgumentException(name + " is a whole number.");
        }
        return value.asLong();
    }
}
