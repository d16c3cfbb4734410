package io.muster.planner.fleet;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Merges a patch into a section, and stamps the metadata of what the patch names. Objects merge, null deletes, anything else
 * replaces. Rules: iot-hub contract, 5.2. The maps given are changed in place.
 */
record MergePatch(String lastUpdated, @Nullable Long lastUpdatedVersion) {
    static final String LAST_UPDATED = "$lastUpdated";
    static final String LAST_UPDATED_VERSION = "$lastUpdatedVersion";

    /** Merges without metadata: for tags. */
    static void merge(Map<String, Object> target, Map<String, Object> patch) {
        for (Map.Entry<String, Object> member : patch.entrySet()) {
            String key = member.getKey();
            @Nullable Object value = member.getValue();
            if (Section.isReadOnly(key)) {
                continue;
            }
            if (value == null) {
                target.remove(key);
            } else if (value instanceof Map<?, ?> inner) {
                merge(objectAt(target, key), cast(inner));
            } else {
                target.put(key, value);
            }
        }
    }

    /** Merges with metadata, which has the shape of the section. */
    void merge(Map<String, Object> target, Map<String, Object> metadata, Map<String, Object> patch) {
        stamp(metadata);
        for (Map.Entry<String, Object> member : patch.entrySet()) {
            String key = member.getKey();
            @Nullable Object value = member.getValue();
            if (Section.isReadOnly(key)) {
                continue;
            }
            if (value == null) {
                target.remove(key);
                metadata.remove(key);
            } else if (value instanceof Map<?, ?> inner) {
                if (!(target.get(key) instanceof Map)) {
                    metadata.remove(key);
                }
                merge(objectAt(target, key), objectAt(metadata, key), cast(inner));
            } else {
                target.put(key, value);
                Map<String, Object> fresh = new LinkedHashMap<>();
                stamp(fresh);
                metadata.put(key, fresh);
            }
        }
    }

    private void stamp(Map<String, Object> metadata) {
        metadata.put(LAST_UPDATED, lastUpdated);
        if (lastUpdatedVersion != null) {
            metadata.put(LAST_UPDATED_VERSION, lastUpdatedVersion);
        }
    }

    private static Map<String, Object> objectAt(Map<String, Object> parent, String key) {
        if (parent.get(key) instanceof Map<?, ?> present) {
            return cast(present);
        }
        Map<String, Object> made = new LinkedHashMap<>();
        parent.put(key, made);
        return made;
    }

    @SuppressWarnings("unchecked") // JSON objects have text keys.
    static Map<String, Object> cast(Map<?, ?> object) {
        return (Map<String, Object>) object;
    }
}
