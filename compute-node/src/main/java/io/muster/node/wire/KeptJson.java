package io.muster.node.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.node.work.AttemptKey;
import io.muster.node.work.Ending;
import io.muster.node.work.Token;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Writes and reads entries of a node's journal. */
public final class KeptJson {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LAUNCHED = "launched";
    private static final String CAUSE = "cause";

    private KeptJson() {}

    /** Returns an entry as bytes. */
    public static byte[] bytes(Kept kept) {
        AttemptKey key = kept.key();
        ObjectNode json = JSON.createObjectNode()
                .put("poolId", key.poolId())
                .put("taskId", key.token().taskId())
                .put("placement", key.token().placement());
        switch (kept) {
            case Kept.Taken _ -> {
                // Its key says all.
            }
            case Kept.Launched _ -> json.put(LAUNCHED, true);
            case Kept.Ended(AttemptKey _, Ending end) ->
                json.put("code", end.code()).put(CAUSE, end.cause().name()).put("detail", end.detail());
        }
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Reads one. @throws IOException when the bytes are another's */
    public static Kept read(byte[] bytes) throws IOException {
        JsonNode json = JSON.readTree(bytes);
        Token token =
                new Token(json.path("taskId").asText(), json.path("placement").asLong());
        AttemptKey key = new AttemptKey(json.path("poolId").asText(), token);
        if (!json.has(CAUSE)) {
            return json.path(LAUNCHED).asBoolean() ? new Kept.Launched(key) : new Kept.Taken(key);
        }
        try {
            return new Kept.Ended(
                    key,
                    new Ending(
                            json.path("code").asInt(),
                            Ending.Cause.valueOf(json.path(CAUSE).asText()),
                            json.path("detail").asText()));
        } catch (IllegalArgumentException e) {
            throw new IOException("An entry of the journal is of another version.", e);
        }
    }
}
