package io.muster.node;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.node.program.ControlGroups;
import io.muster.node.program.ControlGroups.Resource;
import io.muster.node.work.NodeFacts;

/** Describes what a node can do: to its pool, and in its twin. Thread-safe. */
final class Description {
    private final NodeSettings settings;
    private final ControlGroups groups;
    private final Interpreters interpreters;
    private volatile NodeFacts facts;

    Description(NodeSettings settings, ControlGroups groups, Interpreters interpreters) {
        this.settings = settings;
        this.groups = groups;
        this.interpreters = interpreters;
        this.facts = new NodeFacts(settings.slots(), interpreters.present());
    }

    NodeFacts facts() {
        return facts;
    }

    /** Finds out anew which interpreters there are: they come and go. @return whether something has changed */
    boolean refresh() {
        NodeFacts found = new NodeFacts(settings.slots(), interpreters.present());
        boolean isChanged = !found.equals(facts);
        facts = found;
        return isChanged;
    }

    /** Returns the patch of the reported properties, as JSON. */
    String patch() {
        ObjectNode compute = JsonNodeFactory.instance.objectNode();
        compute.put("slots", facts.slots());
        facts.capabilities().forEach(compute.putArray("capabilities")::add);
        ObjectNode labels = compute.putObject("labels");
        settings.labels().forEach(labels::put);
        compute.putObject("limits")
                .put("wallClock", true)
                .put("idle", true)
                .put("output", true)
                .put("memory", groups.bounds(Resource.MEMORY))
                .put("processors", groups.bounds(Resource.PROCESSORS))
                .put("reason", groups.reason());
        ObjectNode patch = JsonNodeFactory.instance.objectNode();
        patch.set("compute", compute);
        return patch.toString();
    }
}
