package io.muster.processor.engine.topology;

import io.muster.query.stream.StreamValues;
import io.muster.query.stream.Ticks;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes values of the query language as bytes, for state and between the tasks of a start. Names of members are written once and named by number
 * then. One start reads what it wrote, so the format may change.
 */
final class ValueCodec {
    private ValueCodec() {}

    static byte[] encode(Object value) {
        Writer writer = new Writer();
        writer.value(value);
        return writer.take();
    }

    static Object decode(byte[] bytes) {
        return new Reader(bytes).value();
    }

    /** Writes values behind each other. For one thread. */
    static final class Writer {
        private byte[] bytes = new byte[64];
        private int size;
        private final Map<String, Integer> names = new HashMap<>();

        int size() {
            return size;
        }

        /** Returns the bytes that were written since the last time; names begin anew. */
        byte[] take() {
            byte[] taken = Arrays.copyOf(bytes, size);
            size = 0;
            names.clear();
            return taken;
        }

        /** Returns the bytes that were written since {@link #take}, and goes on behind them. */
        byte[] copy() {
            return Arrays.copyOf(bytes, size);
        }

        private void reserve(int more) {
            if (size + more > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
            }
        }

        void tag(char tag) {
            reserve(1);
            bytes[size++] = (byte) tag;
        }

        /** Writes a number as seven bits a byte, the lowest first. */
        void number(long number) {
            reserve(Long.BYTES + 2);
            long rest = number;
            while ((rest & ~0x7FL) != 0) {
                bytes[size++] = (byte) (rest | 0x80);
                rest >>>= 7;
            }
            bytes[size++] = (byte) rest;
        }

        private void fixed(long bits) {
            reserve(Long.BYTES);
            for (int shift = 56; shift >= 0; shift -= 8) {
                bytes[size++] = (byte) (bits >>> shift);
            }
        }

        private void text(String text) {
            raw(text.getBytes(StandardCharsets.UTF_8));
        }

        private void raw(byte[] raw) {
            number(raw.length);
            reserve(raw.length);
            System.arraycopy(raw, 0, bytes, size, raw.length);
            size += raw.length;
        }

        private void name(String name) {
            Integer known = names.putIfAbsent(name, names.size() + 1);
            if (known != null) {
                number(known);
            } else {
                number(0);
                text(name);
            }
        }

        void value(Object value) {
            switch (value) {
                case Double real -> {
                    tag('d');
                    fixed(Double.doubleToRawLongBits(real));
                }
                case String text -> {
                    tag('s');
                    text(text);
                }
                case Long whole -> {
                    tag('l');
                    number(whole << 1 ^ whole >> 63); // Small ones are short, whatever their sign.
                }
                case Boolean bit -> tag(bit ? 't' : 'f');
                case Instant instant -> {
                    tag('i');
                    fixed(Ticks.of(instant));
                }
                case Map<?, ?> map -> {
                    tag('m');
                    number(map.size());
                    map.forEach((name, member) -> {
                        name((String) name);
                        value(StreamValues.of(member));
                    });
                }
                case List<?> list -> {
                    tag('a');
                    number(list.size());
                    list.forEach(element -> value(StreamValues.of(element)));
                }
                case byte[] raw -> {
                    tag('b');
                    raw(raw);
                }
                default -> tag('n');
            }
        }
    }

    /** Reads what one {@link Writer} wrote until it was taken. For one thread. */
    static final class Reader {
        private final byte[] bytes;
        private int at;
        private final List<String> names = new ArrayList<>();

        Reader(byte[] bytes) {
            this.bytes = bytes;
        }

        boolean isAtEnd() {
            return at == bytes.length;
        }

        char tag() {
            return (char) bytes[at++];
        }

        long number() {
            long number = 0;
            for (int shift = 0; ; shift += 7) {
                byte next = bytes[at++];
                number |= (next & 0x7FL) << shift;
                if (next >= 0) {
                    return number;
                }
            }
        }

        private long fixed() {
            long bits = 0;
            for (int i = 0; i < Long.BYTES; i++) {
                bits = bits << 8 | bytes[at++] & 0xFF;
            }
            return bits;
        }

        private String text() {
            int length = (int) number();
            String text = new String(bytes, at, length, StandardCharsets.UTF_8);
            at += length;
            return text;
        }

        private String name() {
            int known = (int) number();
            if (known > 0) {
                return names.get(known - 1);
            }
            String name = text();
            names.add(name);
            return name;
        }

        Object value() {
            return switch (tag()) {
                case 'l' -> {
                    long folded = number();
                    yield folded >>> 1 ^ -(folded & 1);
                }
                case 'd' -> Double.longBitsToDouble(fixed());
                case 't' -> Boolean.TRUE;
                case 'f' -> Boolean.FALSE;
                case 's' -> text();
                case 'i' -> Ticks.instant(fixed());
                case 'a' -> {
                    int size = (int) number();
                    List<Object> list = new ArrayList<>(size);
                    for (int i = 0; i < size; i++) {
                        list.add(value());
                    }
                    yield list;
                }
                case 'm' -> {
                    int size = (int) number();
                    Map<String, Object> map = LinkedHashMap.newLinkedHashMap(size);
                    for (int i = 0; i < size; i++) {
                        map.put(name(), value());
                    }
                    yield map;
                }
                case 'b' -> {
                    int length = (int) number();
                    byte[] raw = Arrays.copyOfRange(bytes, at, at + length);
                    at += length;
                    yield raw;
                }
                default -> StreamValues.NULL;
            };
        }
    }
}
