package io.muster.api.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.Set;
import java.util.TreeSet;

/**
 * Lists the members that an object of a document may have. An unknown one is refused and never dropped: a misspelt policy would run a job
 * unpaced over the whole fleet. Contract: iot-hub, section 8.
 */
public final class Members {
    private static final int LONGEST = 64;

    private final Set<String> known;

    private Members(Set<String> known) {
        this.known = Set.copyOf(known);
    }

    public static Members of(String... known) {
        return new Members(Set.of(known));
    }

    /** Returns these and others. */
    public Members and(String... others) {
        Set<String> all = new TreeSet<>(known);
        all.addAll(Set.of(others));
        return new Members(all);
    }

    /**
     * Refuses an unknown member, naming the known member that is nearest.
     *
     * @param path of the object, with a dot behind it; empty for the root
     * @throws ProblemException when a member that is not null is none of these
     */
    public void rejectOthers(JsonNode object, String path) {
        object.properties().forEach(member -> {
            if (!member.getValue().isNull() && !known.contains(member.getKey())) {
                String name =
                        member.getKey().substring(0, Math.min(member.getKey().length(), LONGEST));
                throw new ProblemException(Problem.argumentInvalid(
                        "The member " + path + name + " is unknown: did you mean " + nearest(name) + "?"));
            }
        });
    }

    private String nearest(String name) {
        return known.stream()
                .sorted()
                .min(Comparator.comparingInt((String one) -> distance(one, name))
                        .thenComparingInt(one -> one.startsWith(name) ? 0 : 1))
                .orElse("");
    }

    /** Returns how many letters must be put in, left out or replaced to make one of the other, whatever their case (Levenshtein). */
    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                boolean same = Character.toLowerCase(one.charAt(i - 1)) == Character.toLowerCase(other.charAt(j - 1));
                int replaced = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[other.length()];
    }
}
