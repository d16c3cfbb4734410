package io.muster.processor.function;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.muster.query.stream.StreamValues;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes and reads values as they go between the two processes: a byte for the kind, and the content. */
final class Wire {
    /** Limits how deep a value is nested. */
    static final int DEEPEST = 100;

    /** Bounds a value that is read: one of a process that lies takes no more memory than this. */
    static final class Budget {
        private int left;

        /** Begins with the whole bound left. @param most bytes, and elements */
        Budget(int most) {
            this.left = most;
        }

        private int take(int count) throws IOException {
            if (count < 0 || count > left) {
                throw new IOException("a value is too large: " + count + " and at most " + left);
            }
            left -= count;
            return count;
        }
    }

    private static final byte NULL = 0;
    private static final byte FALSE = 1;
    private static final byte TRUE = 2;
    private static final byte WHOLE = 3;
    private static final byte NUMBER = 4;
    private static final byte TEXT = 5;
    private static final byte INSTANT = 6;
    private static final byte ARRAY = 7;
    private static final byte RECORD = 8;

    private Wire() {}

    /** Signals a value that is nested deeper than {@link #DEEPEST}. */
    static final class TooDeepException extends IOException {
        private static final long serialVersionUID = 1;

        private TooDeepException() {
            super("a value is nested deeper than " + DEEPEST);
        }
    }

    /** Writes a value, as a query's function takes or returns it. @throws TooDeepException where the reader would not read it */
    static void write(Object given, DataOutput out) throws IOException {
        write(given, out, 0);
    }

    private static void write(Object given, DataOutput out, int depth) throws IOException {
        if (depth > DEEPEST) {
            throw new TooDeepException();
        }
        switch (StreamValues.of(given)) {
            case Long whole -> {
                out.writeByte(WHOLE);
                out.writeLong(whole);
            }
            case Double number -> {
                out.writeByte(NUMBER);
                out.writeDouble(number);
            }
            case Boolean bit -> out.writeByte(bit ? TRUE : FALSE);
            case String text -> {
                out.writeByte(TEXT);
                writeText(text, out);
            }
            case Instant instant -> {
                out.writeByte(INSTANT);
                out.writeLong(instant.getEpochSecond());
                out.writeInt(instant.getNano());
            }
            case List<?> array -> {
                out.writeByte(ARRAY);
                out.writeInt(array.size());
                for (Object element : array) {
                    write(element, out, depth + 1);
                }
            }
            case Map<?, ?> record -> {
                out.writeByte(RECORD);
                out.writeInt(record.size());
                for (Map.Entry<?, ?> member : record.entrySet()) {
                    writeText(String.valueOf(member.getKey()), out);
                    write(member.getValue(), out, depth + 1);
                }
            }
            case Object value when value == StreamValues.NULL -> out.writeByte(NULL);
            case Object value -> throw new IllegalArgumentException("no value of a row: " + value.getClass());
        }
    }

    static Object read(DataInput in, Budget budget) throws IOException {
        return read(in, budget, 0);
    }

    private static Object read(DataInput in, Budget budget, int depth) throws IOException {
        if (depth > DEEPEST) {
            throw new TooDeepException();
        }
        budget.take(1);
        byte kind = in.readByte();
        return switch (kind) {
            case NULL -> StreamValues.NULL;
            case FALSE -> false;
            case TRUE -> true;
            case WHOLE -> in.readLong();
            case NUMBER -> in.readDouble();
            case TEXT -> readText(in, budget);
            case INSTANT -> instant(in.readLong(), in.readInt());
            case ARRAY -> {
                int size = budget.take(in.readInt());
                List<Object> array = new ArrayList<>(size);
                for (int i = 0; i < size; i++) {
                    array.add(read(in, budget, depth + 1));
                }
                yield array;
            }
            case RECORD -> {
                int size = budget.take(in.readInt());
                Map<String, Object> record = LinkedHashMap.newLinkedHashMap(size);
                for (int i = 0; i < size; i++) {
                    record.put(readText(in, budget), read(in, budget, depth + 1));
                }
                yield record;
            }
            default -> throw new IOException("no kind of value: " + kind);
        };
    }

    private static Instant instant(long seconds, int nanos) throws IOException {
        try {
            return Instant.ofEpochSecond(seconds, nanos);
        } catch (DateTimeException e) {
            throw new IOException("no instant: " + seconds, e);
        }
    }

    static void writeText(String text, DataOutput out) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static String readText(DataInput in, Budget budget) throws IOException {
        byte[] bytes = new byte[budget.take(in.readInt())];
        in.readFully(bytes);
        return new String(bytes, UTF_8);
    }
}
