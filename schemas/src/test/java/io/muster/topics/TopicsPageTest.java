package io.muster.topics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Compares the page of topics with the catalogue. Written anew with {@code -Dschemas.record=true}. */
class TopicsPageTest {
    private static final Path PAGE = Path.of("../docs/topics.md");

    private static String page() {
        StringBuilder page = new StringBuilder("# Topics\n\n"
                + "Made from the catalogue (`io.muster.topics.Topics`) by its test. Values are Avro in the"
                + " Confluent wire format; the schema's subject is the topic's name and `-value`."
                + " `max.message.bytes` is ours to set but where others ask (ADR 27).\n\n"
                + "| topic | key | value | kept | largest record | partitions | why |\n"
                + "|---|---|---|---|---|---|---|\n");
        for (Topic<?> topic : Topics.ALL) {
            String kept = switch (topic.retention()) {
                case Retention.Compacted _ -> "compacted";
                case Retention.Kept keeps ->
                    keeps.duration().toDays() + " d"
                            + (keeps.bytes().isPresent()
                                    ? ", at most " + (keeps.bytes().getAsLong() >> 20) + " MiB"
                                    : "");
            };
            page.append("| `%s` | %s | %s | %s | %s | %s | %s |%n"
                    .formatted(
                            topic.name(),
                            topic.key(),
                            topic.isJson() ? "JSON" : "`" + topic.record().getSimpleName() + "`",
                            kept,
                            (topic.size() >> 20) + " MiB",
                            topic.partitioning()
                                    .name()
                                    .toLowerCase(java.util.Locale.ROOT)
                                    .replace('_', ' '),
                            topic.partitioning().reason()));
        }
        return page.toString();
    }

    @Test
    void drawsThePageFromTheCatalogue() throws IOException {
        if (Boolean.getBoolean("schemas.record")) {
            Files.writeString(PAGE, page());
        }
        assertThat(Files.readString(PAGE)).isEqualTo(page());
    }
}
