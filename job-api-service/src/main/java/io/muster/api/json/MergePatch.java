package io.muster.api.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Changes documents as {@code application/merge-patch+json} says. Source: RFC 7396. */
public final class MergePatch {
    private MergePatch() {}

    /** Returns a document with a change in it; neither of the two is changed. */
    public static ObjectNode merged(ObjectNode document, ObjectNode change) {
        ObjectNode merged = document.deepCopy();
        change.properties().forEach(member -> {
            JsonNode value = member.getValue();
            JsonNode known = merged.path(member.getKey());
            if (value.isNull()) {
                merged.remove(member.getKey());
            } else if (value instanceof ObjectNode object) {
                merged.set(
                        member.getKey(),
                        merged(known instanceof ObjectNode before ? before : merged.objectNode(), object));
            } else {
                merged.set(member.getKey(), value);
            }
        });
        return merged;
    }
}
