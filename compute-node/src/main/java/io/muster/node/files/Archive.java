package io.muster.node.files;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Unpacks a zip file. Refuses, before it writes anything, one with a path that leaves the directory, a link, an encrypted entry, two entries of one path,
 * or too much in it; and stops where an entry holds more than it says. Files that are programs stay programs; other modes are not taken over.
 *
 * @param mostEntries files and directories
 * @param mostBytes of all files, unpacked
 */
public record Archive(int mostEntries, long mostBytes) {
    /** Is the usual limit. */
    public static final Archive USUAL = new Archive(20_000, 1L << 30);

    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int LONGEST_COMMENT = 0xffff;
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int ENTRY_BYTES = 46;
    private static final int MODE_TYPE = 0170000;
    private static final int MODE_FILE = 0100000;
    private static final int MODE_DIRECTORY = 0040000;
    private static final int MODE_EXECUTABLE = 0111;
    private static final int UNIX = 3;
    private static final int ENCRYPTED = 1;
    private static final int LARGEST_DIRECTORY = 16 << 20;

    /**
     * Unpacks into a directory, which is made where it is missing.
     *
     * @return how many bytes all files have
     * @throws IOException where it is refused; files that were unpacked until then stay
     */
    public long unpack(Path zip, Path directory) throws IOException {
        Map<String, Integer> modes = modes(zip);
        try (ZipFile file = new ZipFile(zip.toFile())) {
            if (file.size() != modes.size()) {
                throw new IOException("The archive is damaged: its directory has " + file.size() + " entries or "
                        + modes.size() + ".");
            }
            Map<Path, Boolean> seen = new HashMap<>();
            long declared = 0;
            for (ZipEntry entry : file.stream().toList()) {
                Path path = RelativePath.below(directory, entry.getName());
                if (seen.put(path, entry.isDirectory()) != null) {
                    throw new IOException("The archive has two entries of one path: " + directory.relativize(path));
                }
                declared += Math.max(0, entry.getSize());
                rejectTooMuch(declared);
            }
            Files.createDirectories(directory);
            long left = mostBytes;
            for (ZipEntry entry : file.stream().toList()) {
                Path path = RelativePath.below(directory, entry.getName());
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                    continue;
                }
                Files.createDirectories(path.getParent());
                try (InputStream in = file.getInputStream(entry)) {
                    left -= copy(in, path, entry);
                }
                if ((modes.getOrDefault(entry.getName(), 0) & MODE_EXECUTABLE) != 0) {
                    makeExecutable(path);
                }
            }
            return mostBytes - left;
        }
    }

    private void rejectTooMuch(long bytes) throws IOException {
        if (bytes > mostBytes) {
            throw new IOException("The archive holds too much: at most " + mostBytes + " bytes are unpacked.");
        }
    }

    private static long copy(InputStream in, Path path, ZipEntry entry) throws IOException {
        byte[] chunk = new byte[16 * 1024];
        long bytes = 0;
        CRC32 checksum = new CRC32();
        try (OutputStream out = Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                bytes += n;
                if (bytes > Math.max(0, entry.getSize())) {
                    throw new IOException("An entry of the archive holds more than it says: " + path.getFileName());
                }
                checksum.update(chunk, 0, n);
                out.write(chunk, 0, n);
            }
        }
        if (checksum.getValue() != entry.getCrc() || bytes != entry.getSize()) {
            throw new IOException("An entry of the archive is damaged: " + path.getFileName());
        }
        return bytes;
    }

    private static void makeExecutable(Path path) throws IOException {
        Set<PosixFilePermission> permissions = EnumSet.copyOf(Files.getPosixFilePermissions(path));
        permissions.add(PosixFilePermission.OWNER_EXECUTE);
        Files.setPosixFilePermissions(path, permissions);
    }

    /** Reads the modes of entries from the archive's directory, which the JDK does not show. Source: PKWARE's APPNOTE, 4.3.12 and 4.3.16. */
    private Map<String, Integer> modes(Path zip) throws IOException {
        Map<String, Integer> modes = new HashMap<>();
        try (FileChannel channel = FileChannel.open(zip, StandardOpenOption.READ)) {
            ByteBuffer end = end(channel);
            int entries = Short.toUnsignedInt(end.getShort(10));
            long size = Integer.toUnsignedLong(end.getInt(12));
            long offset = Integer.toUnsignedLong(end.getInt(16));
            if (entries > mostEntries) {
                throw new IOException("The archive has too many entries: at most " + mostEntries + " are unpacked.");
            }
            if (size > LARGEST_DIRECTORY || offset + size > channel.size()) {
                throw new IOException("The archive's directory can't be read.");
            }
            ByteBuffer directory = read(channel, offset, Math.toIntExact(size));
            for (int i = 0; i < entries; i++) {
                entry(directory, modes);
            }
        }
        return modes;
    }

    private static ByteBuffer end(FileChannel channel) throws IOException {
        int length = Math.toIntExact(Math.min(channel.size(), END_BYTES + LONGEST_COMMENT));
        ByteBuffer tail = read(channel, channel.size() - length, length);
        for (int at = length - END_BYTES; at >= 0; at--) {
            if (tail.getInt(at) == END_SIGNATURE
                    && at + END_BYTES + Short.toUnsignedInt(tail.getShort(at + 20)) == length) {
                return tail.slice(at, END_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            }
        }
        throw new IOException("This is no zip file.");
    }

    private static void entry(ByteBuffer directory, Map<String, Integer> modes) throws IOException {
        int at = directory.position();
        if (directory.remaining() < ENTRY_BYTES || directory.getInt(at) != ENTRY_SIGNATURE) {
            throw new IOException("The archive's directory can't be read.");
        }
        int madeBy = directory.get(at + 5);
        int flags = Short.toUnsignedInt(directory.getShort(at + 8));
        int nameLength = Short.toUnsignedInt(directory.getShort(at + 28));
        int rest = Short.toUnsignedInt(directory.getShort(at + 30)) + Short.toUnsignedInt(directory.getShort(at + 32));
        int mode = madeBy == UNIX ? directory.getInt(at + 38) >>> 16 : 0;
        if (directory.remaining() < ENTRY_BYTES + nameLength + rest) {
            throw new IOException("The archive's directory can't be read.");
        }
        byte[] bytes = new byte[nameLength];
        directory.get(at + ENTRY_BYTES, bytes);
        String name = new String(bytes, StandardCharsets.UTF_8);
        int type = mode & MODE_TYPE;
        if (type != 0 && type != MODE_FILE && type != MODE_DIRECTORY) {
            throw new IOException("The archive has an entry that is neither a file nor a directory: " + name);
        }
        if ((flags & ENCRYPTED) != 0) {
            throw new IOException("The archive has an encrypted entry: " + name);
        }
        if (modes.put(name, mode) != null) {
            throw new IOException("The archive has two entries of one path: " + name);
        }
        directory.position(at + ENTRY_BYTES + nameLength + rest);
    }

    private static ByteBuffer read(FileChannel channel, long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining() && channel.read(bytes, offset + bytes.position()) >= 0) {
            continue;
        }
        return bytes.flip();
    }
}
