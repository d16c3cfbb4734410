package io.muster.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.planner.PlannerService;
import io.muster.processor.ProcessorService;
import io.muster.service.state.StoreSpec;
import io.muster.service.topology.ApplicationSpec;
import io.muster.topics.Topic;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * Makes the list of stores that move when topics grow, and the page about state, of the services' declarations; writes both anew with {@code
 * -Dstores.record=true}.
 */
class StoresFileTest {
    private static final Path FILE =
            Path.of("../service-runtime/src/main/resources/io/muster/service/growth/applications.csv");
    private static final Path PAGE = Path.of("../docs/state.md");
    private static final List<ApplicationSpec> APPLICATIONS =
            List.of(PlannerService.declared(), ProcessorService.declared());

    private static void isMade(Path file, String text) throws Exception {
        if (Boolean.getBoolean("stores.record")) {
            Files.writeString(file, text);
        }
        assertThat(Files.readString(file)).isEqualTo(text);
    }

    @Test
    void listsEveryDeclaredStoreAndTopic() throws Exception {
        StringBuilder text = new StringBuilder();
        for (ApplicationSpec application : APPLICATIONS) {
            for (Topic<?> topic : application.reads()) {
                text.append(String.join(",", "reads", application.id(), topic.name()))
                        .append('\n');
            }
            for (StoreSpec<?> store : application.stores()) {
                text.append(String.join(
                                ",",
                                "store",
                                application.id(),
                                store.name(),
                                store.partitioning().name(),
                                store.placement().name()))
                        .append('\n');
            }
        }
        isMade(FILE, text.toString());
    }

    @Test
    void listsEveryDeclaredStore() throws Exception {
        StringBuilder text = new StringBuilder("""
            # State

            Made from the declarations of stores (`StoreSpec`, beside the processors that use them) by `StoresFileTest`. Each store has a compacted
            topic, `application-store-changelog`; a task has a copy of its partition in memory or on its volume. When topics get more partitions
            ([growing](operate/growing.md)), a row goes to the partition of what it belongs to.

            The planner has a store more, `all-catalog`, and another where `jobs.active.most` is set, `all-jobs`: each instance's copy in memory of the topics `catalog` and `jobs`, all partitions of them. They have no
            declaration and no changelog, and are read from their topics again at each start.

            | application | store | a value is | copy | partitions | a row belongs to |
            |---|---|---|---|---|---|
            """);
        for (ApplicationSpec application : APPLICATIONS) {
            for (StoreSpec<?> store : application.stores()) {
                text.append("| `")
                        .append(application.id())
                        .append("` | `")
                        .append(store.name())
                        .append("` | ")
                        .append(store.content())
                        .append(" | ")
                        .append(store.medium().name().toLowerCase(Locale.ROOT))
                        .append(" | ")
                        .append(store.partitioning()
                                .name()
                                .toLowerCase(Locale.ROOT)
                                .replace('_', ' '))
                        .append(" | ")
                        .append(store.placement().words())
                        .append(" |\n");
            }
        }
        isMade(PAGE, text.toString());
    }
}
