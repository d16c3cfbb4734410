package io.muster.agent;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;

/** A desired change as it can be reported back: what the hub added to it is left out. Contract: iot-hub, 4.6. */
final class DesiredPatch {
    private static final JsonFactory JSON = new JsonFactory();

    private DesiredPatch() {}

    /** Without the outermost {@code $version}. Empty when it is no JSON object. */
    static Optional<byte[]> asReported(byte[] patch) {
        ByteArrayOutputStream reported = new ByteArrayOutputStream(patch.length);
        try (JsonParser in = JSON.createParser(patch);
                JsonGenerator out = JSON.createGenerator(reported)) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            out.writeStartObject();
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                in.nextToken();
                if (name.equals("$version")) {
                    in.skipChildren();
                } else {
                    out.writeFieldName(name);
                    out.copyCurrentStructure(in);
                }
            }
            out.writeEndObject();
        } catch (IOException e) {
            return Optional.empty();
        }
        return Optional.of(reported.toByteArray());
    }
}
