package io.muster.service.state;

/** Says where a row of a store belongs when the topics by job or by device get more partitions. */
public enum RowPlacement {
    /** Belongs to the key, up to its first NUL where it has one. */
    BY_KEY("its key, up to a NUL"),
    /** Belongs to what follows the last NUL of the key. */
    BY_END_OF_KEY("the end of its key, behind a NUL"),
    /** Belongs to the value, a text. */
    BY_VALUE("its value"),
    /** Is copied to each partition that its partition is split into. */
    IN_ALL("all parts of its partition"),
    /** Stays in its partition. */
    STAYING("its partition, still"),
    /** Is dropped: the processor makes it anew. */
    REBUILT("none: made anew"),
    /** Is a number of {@code RecordNumbers}, and is set last, since it says that all has moved. */
    NUMBERS("all: set anew, last");

    private final String words;

    RowPlacement(String words) {
        this.words = words;
    }

    /** Returns what a row belongs to, in words. */
    public String words() {
        return words;
    }
}
