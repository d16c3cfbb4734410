package io.muster.api.surface.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.query.odata.ODataFilter.Type;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests what lists are filtered by. Contract: batch, 3.4. */
class PropertyTypesTest {
    private static final String[] TIMES = {
        "lastModified",
        "creationTime",
        "stateTransitionTime",
        "previousStateTransitionTime",
        "allocationStateTransitionTime",
        "autoScaleRun/timestamp",
        "executionInfo/startTime",
        "executionInfo/endTime",
        "executionInfo/nextRunTime"
    };
    private static final String[] NUMBERS = {
        "priority",
        "maxParallelTasks",
        "constraints/maxTaskRetryCount",
        "requiredSlots",
        "executionInfo/exitCode",
        "executionInfo/retryCount",
        "executionInfo/requeueCount",
        "currentDedicatedNodes",
        "currentLowPriorityNodes",
        "targetDedicatedNodes",
        "targetLowPriorityNodes",
        "taskSlotsPerNode",
        "runningTasksCount",
        "runningTaskSlotsCount"
    };
    private static final String[] FLAGS = {
        "usesTaskDependencies", "allowTaskPreemption", "enableAutoScale", "enableInterNodeCommunication", "isDedicated"
    };

    private static Map<String, Type> all() {
        return PropertyTypes.of(Stream.of(
                        JobDocuments.PROPERTIES,
                        TaskDocuments.PROPERTIES,
                        PoolDocuments.PROPERTIES,
                        PoolDocuments.NODE_PROPERTIES,
                        JobScheduleDocuments.PROPERTIES)
                .flatMap(Set::stream)
                .collect(Collectors.toSet()));
    }

    private static Set<String> of(Type type) {
        return all().entrySet().stream()
                .filter(property -> property.getValue() == type)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    @Test
    void namesTimes() {
        assertThat(of(Type.TIME)).containsExactlyInAnyOrder(TIMES);
    }

    @Test
    void namesNumbers() {
        assertThat(of(Type.NUMBER)).containsExactlyInAnyOrder(NUMBERS);
    }

    @Test
    void namesFlags() {
        assertThat(of(Type.FLAG)).containsExactlyInAnyOrder(FLAGS);
    }
}
