package io.muster.topics;

import java.util.regex.Pattern;

/**
 * Holds the prefix of every name that this process has on Kafka and in the registry: topics, subjects, consumer groups, applications, transactions.
 * Musters with different prefixes share a Kafka without meeting (ADR 0025). Empty unless {@link #use} is called; one a process, since
 * {@link Topics} is.
 */
public final class Namespace {
    /** Ends with a dot, so that none is the beginning of another's names and prefixed ACLs can separate them. */
    private static final Pattern PREFIX = Pattern.compile("([a-z0-9][a-z0-9-]{0,39}\\.)?");

    /** Holds the begin of names without a prefix: applications are found by it. */
    private static final String RESERVED = "muster-";

    private static String prefix = "";
    private static boolean named;

    private Namespace() {}

    /**
     * Sets the prefix. To be called at the start of the process; a second time with the same changes nothing.
     *
     * @param wanted empty, or lower-case letters, digits and hyphens with a dot behind
     * @throws IllegalArgumentException when it has another form; the message is a sentence
     * @throws IllegalStateException when names with another prefix were given out
     */
    public static synchronized void use(String wanted) {
        if (!PREFIX.matcher(wanted).matches() || wanted.startsWith(RESERVED)) {
            throw new IllegalArgumentException(
                    "A prefix is up to 40 lower-case letters, digits and hyphens with a dot behind, such as "
                            + "\"plant-1.\", and does not begin with " + RESERVED + "; correct this one: \"" + wanted
                            + "\".");
        }
        if (named && !wanted.equals(prefix)) {
            throw new IllegalStateException("names were given out before, prefix=" + prefix + " wanted=" + wanted);
        }
        prefix = wanted;
    }

    /** Returns the name as it stands on the broker. @param plain the name without prefix */
    public static synchronized String name(String plain) {
        named = true;
        return prefix + plain;
    }
}
