package io.muster.node.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.node.work.AttemptKey;
import io.muster.node.work.Ending;
import io.muster.node.work.Token;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Is an entry of a node's journal. @param ending how the attempt ended; empty where it was taken */
public record Kept(AttemptKey key, Optional<Ending> ending) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Returns it as bytes. */
    public byte[] bytes() {
        ObjectNode json = JSON.createObjectNode()
                .put("poolId", key.poolId())
                .put("taskId", key.token().taskId())
                .put("placement", key.token().placement());
        ending.ifPresent(end ->
                json.put("code", end.code()).put("cause", end.cause().name()).put("detail", end.detail()));
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Reads one. @throws IOException when the bytes are another's */
    public static Kept of(byte[] bytes) throws IOException {
        JsonNode json = JSON.readTree(bytes);
        Token token =
                new Token(json.path("taskId").asText(), json.path("placement").asLong());
        try {
            return new Kept(
                    new AttemptKey(json.path("poolId").asText(), token),
                    json.has("cause")
                            ? Optional.of(new Ending(
                                    json.path("code").asInt(),
                                    Ending.Cause.valueOf(json.path("cause").asText()),
                                    json.path("detail").asText()))
                            : Optional.empty());
        } catch (IllegalArgumentException e) {
            throw new IOException("An entry of the journal is of another version.", e);
        }
    }
}
