package io.muster.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keys by device, in the file's order. Never shown. */
public final class DeviceKeys {
    private final Map<String, String> byId;

    private DeviceKeys(Map<String, String> byId) {
        this.byId = Collections.unmodifiableMap(byId);
    }

    /**
     * Reads lines of device id, tab, base64 key; empty lines are skipped.
     *
     * @throws IOException when the file can't be read or a line is none; the message names the line, not its content
     */
    public static DeviceKeys load(Path file) throws IOException {
        Map<String, String> byId = new LinkedHashMap<>();
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.isBlank()) {
                continue;
            }
            int tab = line.indexOf('\t');
            String key = line.substring(tab + 1).strip();
            if (tab < 1 || !isBase64(key) || byId.putIfAbsent(line.substring(0, tab), key) != null) {
                throw new IOException("not a new device id, a tab and a base64 key, file=" + file + " line=" + (i + 1));
            }
        }
        return new DeviceKeys(byId);
    }

    private static boolean isBase64(String key) {
        try {
            return Base64.getDecoder().decode(key).length > 0;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** In the file's order. */
    public List<String> deviceIds() {
        return List.copyOf(byId.keySet());
    }

    String of(String deviceId) {
        String key = byId.get(deviceId);
        if (key == null) {
            throw new IllegalArgumentException("there is no key, deviceId=" + deviceId);
        }
        return key;
    }

    @Override
    public String toString() {
        return "DeviceKeys[" + byId.size() + "]";
    }
}
