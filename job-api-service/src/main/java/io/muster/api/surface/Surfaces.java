package io.muster.api.surface;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Finds the surface of a request, once, before its route. Immutable. */
public final class Surfaces {
    private static final String MOUNTED = "/~";

    private final List<Surface> all;

    /** Makes one. @param all in the order in which they are asked; the last one takes every request */
    public Surfaces(List<Surface> all) {
        this.all = List.copyOf(all);
    }

    /** Returns the surface that a request is for: the one that its host name names, else the first that takes it. */
    public Surface serving(Arrival arrival) {
        return first(surface -> surface.isNamedBy(arrival.host()))
                .or(() -> first(surface -> surface.serves(arrival)))
                .orElseGet(all::getLast);
    }

    private Optional<Surface> first(Predicate<Surface> which) {
        return all.stream().filter(which).findFirst();
    }

    /** Returns whether a client's path could be taken for a mounted one. It leads nowhere. */
    public static boolean isReserved(String path) {
        return path.startsWith(MOUNTED) || path.regionMatches(true, 0, "/%7e", 0, 4);
    }

    /** Returns the surface of a mounted path, or of a route's template. */
    public Surface of(String mounted) {
        return first(surface -> !surface.mount().isEmpty() && isBelow(surface.mount(), mounted))
                .orElseGet(all::getLast);
    }

    /** Returns a mounted path, or a route's template, without the mount: a path is as its client sent it. */
    public static String unmounted(String mounted) {
        if (!mounted.startsWith(MOUNTED)) {
            return mounted;
        }
        int end = mounted.indexOf('/', MOUNTED.length());
        return end < 0 ? "/" : mounted.substring(end);
    }

    private static boolean isBelow(String mount, String path) {
        return path.startsWith(mount) && (path.length() == mount.length() || path.charAt(mount.length()) == '/');
    }
}
