package io.muster.query.device;

import io.muster.query.device.grammar.QueryParser;
import io.muster.query.kernel.Parsing;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Holds the names that a query may use for its source. @param alias null for none */
record Scope(Source source, @Nullable String alias) {
    static final Scope DEVICES = new Scope(Source.DEVICES, null);
    private static final String ROOT = "devices";

    static Scope of(QueryParser.PathContext from, @Nullable String alias) {
        String text = from.getText();
        for (Source source : Source.values()) {
            if (source.text().equalsIgnoreCase(text)) {
                return new Scope(source, alias);
            }
        }
        throw Parsing.refuse(
                from.getStart(), "The source is devices, devices.modules or devices.jobs, not '" + text + "'");
    }

    /** Removes the source's name from the front of a path: {@code devices.jobs.jobId}, {@code d.tags.site}. */
    void strip(List<Object> steps) {
        if (steps.size() > 1 && isText(steps.get(0), alias) && steps.get(1) instanceof String) {
            steps.removeFirst();
            return;
        }
        Optional<String> member = source == Source.DEVICES
                ? Optional.empty()
                : Optional.of(source.text().substring(ROOT.length() + 1));
        if (steps.size() > 1 && isText(steps.get(0), ROOT) && steps.get(1) instanceof String) {
            steps.removeFirst();
            if (steps.size() > 1 && isText(steps.get(0), member.orElse(null)) && steps.get(1) instanceof String) {
                steps.removeFirst();
            }
        }
    }

    private static boolean isText(Object step, @Nullable String name) {
        return name != null && step instanceof String text && text.equalsIgnoreCase(name);
    }
}
