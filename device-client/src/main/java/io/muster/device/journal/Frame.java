package io.muster.device.journal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Is one record of a journal's file: a marker, a kind, a number, a length, the body, and a checksum of all of these. By the marker and the checksum
 * a reader finds the next whole frame behind damaged bytes.
 */
record Frame(Kind kind, long number, byte[] body) {
    /** Says what a frame means. */
    enum Kind {
        /** Marks a body that is an entry which waits for its acknowledgement. */
        ENTRY,
        /** Marks the acknowledgement of the entry of that number. */
        ACKNOWLEDGED,
        /** Says where numbers begin: those before are taken. */
        NEXT_NUMBER
    }

    private static final int MARKER = 0x4d4a_0001;
    private static final int HEAD = Integer.BYTES + 1 + Long.BYTES + Integer.BYTES;
    private static final int CHECKSUM = Integer.BYTES;

    /** Counts a frame's bytes around its body. */
    static final int OVERHEAD = HEAD + CHECKSUM;

    Frame(Kind kind, long number) {
        this(kind, number, new byte[0]);
    }

    int length() {
        return OVERHEAD + body.length;
    }

    ByteBuffer bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(length());
        bytes.putInt(MARKER)
                .put((byte) kind.ordinal())
                .putLong(number)
                .putInt(body.length)
                .put(body);
        return bytes.putInt(checksum(bytes.array(), 0, HEAD + body.length)).flip();
    }

    /** Reads the frame that begins there. @return null where no whole frame does */
    static @Nullable Frame read(byte[] file, int at) {
        if (at + OVERHEAD > file.length) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(file, at, file.length - at);
        if (bytes.getInt() != MARKER) {
            return null;
        }
        int kind = bytes.get();
        long number = bytes.getLong();
        int length = bytes.getInt();
        if (kind < 0 || kind >= Kind.values().length || length < 0 || length > file.length - at - OVERHEAD) {
            return null;
        }
        int end = at + HEAD + length;
        return ByteBuffer.wrap(file).getInt(end) == checksum(file, at, HEAD + length)
                ? new Frame(Kind.values()[kind], number, Arrays.copyOfRange(file, at + HEAD, end))
                : null;
    }

    private static int checksum(byte[] bytes, int at, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, at, length);
        return (int) checksum.getValue();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Frame frame
                && kind == frame.kind
                && number == frame.number
                && Arrays.equals(body, frame.body);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(number);
    }
}
