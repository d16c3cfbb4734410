package io.muster.processor.engine.stream;

import io.muster.query.stream.StreamValues;
import io.muster.query.stream.Ticks;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Values of the query language as bytes, for state. A start's state is read by that start only, so the format may change. Thread-safe. */
final class ValueCodec {
    private ValueCodec() {}

    static byte[] encode(Object value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            write(out, value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static Object decode(byte[] bytes) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            return read(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(DataOutputStream out, Object value) throws IOException {
        switch (value) {
            case Long whole -> {
                out.writeByte('l');
                out.writeLong(whole);
            }
            case Double real -> {
                out.writeByte('d');
                out.writeDouble(real);
            }
            case Boolean bit -> out.writeByte(bit ? 't' : 'f');
            case String text -> {
                out.writeByte('s');
                text(out, text);
            }
            case Instant instant -> {
                out.writeByte('i');
                out.writeLong(Ticks.of(instant));
            }
            case List<?> list -> {
                out.writeByte('a');
                out.writeInt(list.size());
                for (Object element : list) {
                    write(out, StreamValues.of(element));
                }
            }
            case Map<?, ?> map -> {
                out.writeByte('m');
                out.writeInt(map.size());
                for (Map.Entry<?, ?> member : map.entrySet()) {
                    text(out, String.valueOf(member.getKey()));
                    write(out, StreamValues.of(member.getValue()));
                }
            }
            default -> out.writeByte('n');
        }
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static Object read(DataInputStream in) throws IOException {
        return switch (in.readByte()) {
            case 'l' -> in.readLong();
            case 'd' -> in.readDouble();
            case 't' -> Boolean.TRUE;
            case 'f' -> Boolean.FALSE;
            case 's' -> text(in);
            case 'i' -> Ticks.instant(in.readLong());
            case 'a' -> {
                int size = in.readInt();
                List<Object> list = new ArrayList<>(size);
                for (int i = 0; i < size; i++) {
                    list.add(read(in));
                }
                yield list;
            }
            case 'm' -> {
                int size = in.readInt();
                Map<String, Object> map = LinkedHashMap.newLinkedHashMap(size);
                for (int i = 0; i < size; i++) {
                    map.put(text(in), read(in));
                }
                yield map;
            }
            default -> StreamValues.NULL;
        };
    }

    private static String text(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }
}
