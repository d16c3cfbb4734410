package io.muster.api.surface.webjobs;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Is the id of an event of a live log, opaque to clients. As text it is {@code bytes}, or {@code bytes.offset.length.seen} where a place is known.
 *
 * @param bytes of the log that its reader has
 * @param place from where the bytes behind those are found without reading what lies before
 */
record EventId(long bytes, Optional<Place> place) {
    private static final String NUMBER = "(\\d{1,18})";
    private static final Pattern FORM =
            Pattern.compile(NUMBER + "(?:\\." + NUMBER + "\\." + NUMBER + "\\." + NUMBER + ")?");

    /** Says where the program's output goes on behind a mark of the log. @param offset in the output's partition */
    record Place(long offset, RunLog.Mark mark) {}

    /** Reads an id as a client has it. @return empty where no event has such an id */
    static Optional<EventId> of(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return Optional.empty();
        }
        long bytes = number(form, 1);
        if (form.group(2) == null) {
            return Optional.of(new EventId(bytes, Optional.empty()));
        }
        Place place = new Place(number(form, 2), new RunLog.Mark(number(form, 3), number(form, 4)));
        return place.mark().length() > bytes ? Optional.empty() : Optional.of(new EventId(bytes, Optional.of(place)));
    }

    private static long number(Matcher form, int group) {
        return Long.parseLong(form.group(group));
    }

    @Override
    public String toString() {
        return bytes
                + place.map(at -> "." + at.offset() + "." + at.mark().length() + "."
                                + at.mark().seen())
                        .orElse("");
    }
}
