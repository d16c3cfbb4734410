package io.muster.node;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.node.program.ControlGroups;
import io.muster.node.program.ControlGroups.Resource;
import io.muster.node.work.NodeFacts;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Describes what a node can do: to its pool, and in its twin. Thread-safe. */
final class Description {
    private static final Logger LOG = LoggerFactory.getLogger(Description.class);
    private static final String VM_SIZE = "vmSize";

    private final NodeSettings settings;
    private final ControlGroups groups;
    private final Interpreters interpreters;
    private volatile NodeFacts facts;

    Description(NodeSettings settings, ControlGroups groups, Interpreters interpreters) {
        this.settings = settings;
        this.groups = groups;
        this.interpreters = interpreters;
        this.facts = found();
    }

    /** Returns what is found now: interpreters, and labels as name=value; Batch's size of machines is among them in any case, in lower case. */
    private NodeFacts found() {
        List<String> capabilities = new ArrayList<>(interpreters.present());
        settings.labels().forEach((name, value) -> {
            if (!name.equals(VM_SIZE)) {
                capabilities.add(name + "=" + value);
            }
        });
        capabilities.add(
                VM_SIZE + "=" + settings.labels().getOrDefault(VM_SIZE, "local").toLowerCase(Locale.ROOT));
        return new NodeFacts(settings.slots(), capabilities, settings.address().orElseGet(this::ownAddress));
    }

    /** Returns the address from which this machine reaches its hub, under which others there reach it; nothing where the hub's name can't be found at the moment. */
    private String ownAddress() {
        try (DatagramSocket socket = new DatagramSocket()) {
            // Sends nothing: the machine chooses from where it would.
            socket.connect(
                    new InetSocketAddress(settings.hub().host(), settings.hub().port()));
            String address = socket.getLocalAddress().getHostAddress();
            int zone = address.indexOf('%');
            return zone < 0 ? address : address.substring(0, zone);
        } catch (SocketException | UncheckedIOException | IllegalArgumentException e) {
            LOG.debug("The node's own address can't be found at the moment", e);
            return "";
        }
    }

    NodeFacts facts() {
        return facts;
    }

    /** Finds out anew which interpreters there are: they come and go. @return whether something has changed */
    boolean refresh() {
        NodeFacts found = found();
        boolean isChanged = !found.equals(facts);
        facts = found;
        return isChanged;
    }

    /** Returns the patch of the reported properties, as JSON. */
    String patch() {
        ObjectNode compute = JsonNodeFactory.instance.objectNode();
        compute.put("slots", facts.slots());
        ArrayNode capabilities = compute.putArray("capabilities");
        facts.capabilities().stream().filter(each -> each.indexOf('=') < 0).forEach(capabilities::add);
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
