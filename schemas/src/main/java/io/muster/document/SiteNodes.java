package io.muster.document;

import io.muster.records.CapableNodes;
import io.muster.records.ScriptHost;
import io.muster.records.Site;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Says on which nodes of its site's pool a continuous job runs: those that have its interpreter, as far as the pool names them. Contract: webjobs-and-schedules, 2.4 and 2.6. */
public final class SiteNodes {
    private SiteNodes() {}

    /** Lists the nodes on which scripts of a kind run; all that are known before the pool has said which can. */
    public static List<String> of(Site site, ScriptHost host) {
        return site.getCapable() == null
                ? site.getNodes()
                : capable(site, host).map(CapableNodes::getNodeIds).orElse(List.of());
    }

    /** Lists all nodes that are known. */
    public static List<String> all(Site site) {
        return Stream.concat(
                        site.getNodes().stream(),
                        Stream.ofNullable(site.getCapable())
                                .flatMap(List::stream)
                                .flatMap(capable -> capable.getNodeIds().stream()))
                .distinct()
                .toList();
    }

    /** Returns whether the pool has said what its nodes can run, and none can run scripts of that kind. */
    public static boolean haveNone(Site site, ScriptHost host) {
        return site.getCapable() != null && capable(site, host).isEmpty();
    }

    /** Returns whether more nodes could run scripts of that kind than those on which they do. */
    public static boolean areMore(Site site, ScriptHost host) {
        return capable(site, host).map(CapableNodes::getMore).orElse(false);
    }

    private static Optional<CapableNodes> capable(Site site, ScriptHost host) {
        return Stream.ofNullable(site.getCapable())
                .flatMap(List::stream)
                .filter(nodes -> nodes.getCapability().equals(ScriptHosts.interpreter(host)))
                .findFirst();
    }
}
