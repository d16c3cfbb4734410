package io.muster.document;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names an identity: a device, or a module of one. As a text, as records carry it, a module's is {@code deviceId/moduleId}; no id
 * holds a slash.
 *
 * @param moduleId null for the device itself
 */
public record IdentityId(String deviceId, @Nullable String moduleId) {
    private static final char SLASH = '/';
    private static final Pattern PART = Pattern.compile("[A-Za-z0-9\\-:.+%_#*?!(),=@;$']{1,128}");

    public static IdentityId of(String text) {
        int slash = text.indexOf(SLASH);
        return slash < 0
                ? new IdentityId(text, null)
                : new IdentityId(text.substring(0, slash), text.substring(slash + 1));
    }

    /** Returns the device's id in such a text: the key of everything about it. */
    public static String deviceId(String text) {
        int slash = text.indexOf(SLASH);
        return slash < 0 ? text : text.substring(0, slash);
    }

    public static boolean isModule(String text) {
        return text.indexOf(SLASH) >= 0;
    }

    /** Returns whether an identity may have such an id. Contract: iot-hub, 1.2. */
    public boolean isWellFormed() {
        return PART.matcher(deviceId).matches()
                && (moduleId == null || PART.matcher(moduleId).matches());
    }

    public String text() {
        return moduleId == null ? deviceId : deviceId + SLASH + moduleId;
    }
}
