package io.muster.api.surface.batch;

import io.muster.query.odata.ODataFilter.Type;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Says of what type properties of documents are, by their names: Batch names like things alike. Contract: batch, 3.4. */
final class PropertyTypes {
    private static final Set<String> NUMBERS = Set.of(
            "priority", "exitCode", "requiredSlots", "maxParallelTasks", "taskSlotsPerNode", "total", "contentLength");
    private static final Set<String> STRUCTURES = Set.of(
            "schedule",
            "metadata",
            "exitConditions",
            "resourceFiles",
            "environmentSettings",
            "commonEnvironmentSettings",
            "multiInstanceSettings",
            "dependsOn",
            "resizeErrors");

    private PropertyTypes() {}

    /** Returns the types of properties. @param properties with a slash between names of nested ones */
    static Map<String, Type> of(Set<String> properties) {
        return properties.stream().collect(Collectors.toUnmodifiableMap(Function.identity(), PropertyTypes::of));
    }

    private static Type of(String property) {
        String name = property.substring(property.lastIndexOf('/') + 1);
        if (STRUCTURES.contains(name)) {
            return Type.ANY;
        }
        if (name.endsWith("ClockTime") || name.endsWith("CPUTime") || name.equals("retentionTime")) {
            return Type.TEXT;
        }
        if (name.endsWith("Time") || name.equals("lastModified") || name.equals("timestamp")) {
            return Type.TIME;
        }
        if (NUMBERS.contains(name) || name.endsWith("Count") || name.endsWith("Nodes")) {
            return Type.NUMBER;
        }
        return name.matches("(is|uses|enable|allow)[A-Z].*") ? Type.FLAG : Type.TEXT;
    }
}
