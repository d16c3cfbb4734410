package io.muster.api.surface.webjobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.records.CapableNodes;
import io.muster.records.ScriptHost;
import io.muster.records.Site;
import io.muster.records.WebJob;
import io.muster.records.WebJobFiles;
import io.muster.records.WebJobKind;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Shows where a continuous job runs, as its document does. */
class InstancesTest {
    private static final Instant NOW = Instant.parse("2026-11-30T15:00:00Z");
    private static final WebJob JOB = WebJob.newBuilder()
            .setKind(WebJobKind.CONTINUOUS)
            .setName("watch")
            .setFiles(new WebJobFiles("0".repeat(64), 1L, "run.py", "", "run.py", ScriptHost.PYTHON))
            .setSettings("{}")
            .setChangedAt(NOW)
            .build();

    private static String member(String name, WebJob job, @Nullable List<CapableNodes> capable) {
        Site site = Site.newBuilder()
                .setSite("fleet")
                .setRevision(1)
                .setNodes(List.of("node-1", "node-2"))
                .setCapable(capable)
                .build();
        return new WebJobDocuments("https://fleet", NOW)
                .job(site, job)
                .get(name)
                .asText();
    }

    private static CapableNodes python(boolean more, String... nodes) {
        return new CapableNodes("python", List.of(nodes), more);
    }

    @Test
    void listsTheNodesThatHaveTheInterpreterOfItsScript() {
        List<CapableNodes> capable =
                List.of(new CapableNodes("bash", List.of("node-1", "node-2"), false), python(false, "node-2"));
        assertThat(member("detailed_status", JOB, capable)).isEqualTo("node-2 - Initializing\r\n");
        assertThat(member("error", JOB, capable)).isEqualTo("null");
    }

    @Test
    void listsAllNodesBeforeTheirPoolHasSaidWhatTheyHave() {
        assertThat(member("detailed_status", JOB, null))
                .isEqualTo("node-1 - Initializing\r\nnode-2 - Initializing\r\n");
        assertThat(member("error", JOB, null)).isEqualTo("null");
    }

    @Test
    void saysThatNoNodeCanRunIt() {
        List<CapableNodes> capable = List.of(new CapableNodes("bash", List.of("node-1"), false));
        assertThat(member("status", JOB, capable)).isEqualTo("Initializing");
        assertThat(member("detailed_status", JOB, capable)).isEmpty();
        assertThat(member("error", JOB, capable))
                .isEqualTo("No node of the pool 'default' has python, which the script takes: the job starts as soon as"
                        + " one has.");
    }

    @Test
    void saysThatItRunsOnSomeOfItsPoolsNodes() {
        String[] nodes = IntStream.range(0, 25).mapToObj("node-%02d"::formatted).toArray(String[]::new);
        List<CapableNodes> capable = List.of(python(true, nodes));
        assertThat(member("error", JOB, capable))
                .isEqualTo("The job runs on 25 nodes, the most that it may: more of the pool 'default' have python.");
        WebJob singleton =
                WebJob.newBuilder(JOB).setSettings("{\"is_singleton\":true}").build();
        assertThat(member("error", singleton, capable)).isEqualTo("null");
    }
}
