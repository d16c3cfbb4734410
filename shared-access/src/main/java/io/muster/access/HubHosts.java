package io.muster.access;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Holds the names that this hub answers to. A name without a port stands for every port of it. */
public record HubHosts(Set<String> names) {
    public HubHosts {
        names = names.stream()
                .map(name -> name.strip().toLowerCase(Locale.ROOT))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Parses names separated by commas. */
    public static HubHosts of(String names) {
        return new HubHosts(Arrays.stream(names.split(",")).collect(Collectors.toSet()));
    }

    public boolean include(String host) {
        String lower = host.toLowerCase(Locale.ROOT);
        int colon = lower.lastIndexOf(':');
        return names.contains(lower) || (colon > 0 && names.contains(lower.substring(0, colon)));
    }
}
