package io.muster.api.http;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holds the range of a body that a request asks for. Source: RFC 9110, 14.
 *
 * @param from the first byte
 * @param to behind the last byte
 */
public record ByteRange(long from, long to) {
    private static final Pattern FORM = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

    /** Returns whether a header asks for a range of bytes: another header, or one of several ranges, is ignored. */
    public static boolean isOne(String header) {
        Matcher form = FORM.matcher(header.strip());
        return form.matches() && !(form.group(1).isEmpty() && form.group(2).isEmpty());
    }

    /** Returns the range of a body of so many bytes; empty where it has none of them. @param header see {@link #isOne} */
    public static Optional<ByteRange> of(String header, long length) {
        Matcher form = FORM.matcher(header.strip());
        if (!form.matches()) {
            throw new IllegalArgumentException("no range: " + header);
        }
        boolean isSuffix = form.group(1).isEmpty();
        long first = isSuffix ? Math.max(0, length - Long.parseLong(form.group(2))) : Long.parseLong(form.group(1));
        long end = isSuffix || form.group(2).isEmpty() ? length : Math.min(length, Long.parseLong(form.group(2)) + 1);
        return first < end ? Optional.of(new ByteRange(first, end)) : Optional.empty();
    }

    /** Returns the header {@code Content-Range}. */
    public String contentRange(long length) {
        return "bytes " + from + "-" + (to - 1) + "/" + length;
    }
}
