package io.muster.api.surface.streamanalytics;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Says what is wrong with a job or a child, in the diagnostics of what is read, or in the result of a test.
 *
 * @param code for programs
 * @param message a sentence for people
 */
record Condition(String code, String message) {
    /** Adds it to the diagnostics. @param properties of a job or a child as it is read */
    void addTo(ObjectNode properties) {
        properties
                .withObjectProperty("diagnostics")
                .withArrayProperty("conditions")
                .addObject()
                .put("code", code)
                .put("message", message);
    }
}
