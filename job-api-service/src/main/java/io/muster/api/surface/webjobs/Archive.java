package io.muster.api.surface.webjobs;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Checks a zip file, and lists what it holds. It is refused as a whole where an entry leads out of its directory or is a link, where it holds more
 * than it may, or where it can't be unpacked: each entry is unpacked once, and nothing of it is kept. Source: PKWARE's APPNOTE 6.3.
 */
final class Archive {
    /** Bounds the memory that a directory takes, whatever its end record says; a node takes no larger one either. */
    private static final int LARGEST_DIRECTORY = 16 << 20;

    static final int MOST_ENTRIES = 10_000;
    private static final int LONGEST_PATH = 1024;
    /** Bounds the bytes of a file's name, as file systems do. */
    private static final int LONGEST_NAME = 255;

    private static final int DEEPEST = 64;

    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_BYTES = 22;
    private static final int LONGEST_COMMENT = 0xffff;
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int ENTRY_BYTES = 46;
    private static final int UNIX = 3;
    private static final int FILE_TYPE = 0170000;
    private static final int REGULAR = 0100000;
    private static final int DIRECTORY = 0040000;

    private Archive() {}

    /**
     * Returns the paths of its files, with slashes between their parts.
     *
     * @param unpacked how many bytes they may have together
     * @throws UploadException where it is refused
     */
    static Set<String> files(Path file, long unpacked) throws IOException, UploadException {
        rejectLinks(file);
        Set<String> files = new TreeSet<>();
        Set<String> directories = new HashSet<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            if (zip.size() > MOST_ENTRIES) {
                throw new UploadException(
                        "The archive has " + zip.size() + " entries, and may have " + MOST_ENTRIES + ".");
            }
            long left = unpacked;
            Enumeration<? extends ZipEntry> entries = zip.entries();
            byte[] buffer = new byte[64 * 1024];
            while (entries.hasMoreElements()) {
                ZipEntry entry = entries.nextElement();
                String path = path(entry);
                noteParents(path, directories);
                if (entry.isDirectory()) {
                    directories.add(path);
                } else if (!files.add(path)) {
                    throw new UploadException("The archive has two files of one name: " + path + ".");
                }
                left -= unpack(zip, entry, left, buffer);
            }
        } catch (ZipException e) {
            throw new UploadException("The archive can't be unpacked: it is damaged, encrypted, or no zip file.");
        }
        for (String path : files) {
            if (directories.contains(path)) {
                throw new UploadException("The archive has a file and a directory of one name: " + path + ".");
            }
        }
        return files;
    }

    private static void noteParents(String path, Set<String> directories) {
        for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
            directories.add(path.substring(0, slash));
        }
    }

    private static String path(ZipEntry entry) throws UploadException {
        String name = entry.getName();
        String path = entry.isDirectory() ? name.substring(0, name.length() - 1) : name;
        String[] parts = path.split("/", -1);
        boolean leaves = path.isEmpty() || path.indexOf('\\') >= 0 || path.matches("[A-Za-z]:.*");
        boolean isUnusable = path.length() > LONGEST_PATH
                || parts.length > DEEPEST
                || path.chars().anyMatch(Character::isISOControl);
        for (String part : parts) {
            leaves |= part.isEmpty() || part.equals(".") || part.equals("..");
            isUnusable |= part.getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME;
        }
        if (leaves) {
            throw new UploadException(
                    "An entry of the archive does not lie below its directory: give paths without .., backslashes and a"
                            + " slash at their beginning.");
        }
        if (isUnusable) {
            throw new UploadException("An entry of the archive has a path that can't be used: give names of up to "
                    + LONGEST_NAME + " bytes without control characters, up to " + DEEPEST
                    + " in a path, and paths of up to "
                    + LONGEST_PATH + " characters.");
        }
        return path;
    }

    private static long unpack(ZipFile zip, ZipEntry entry, long left, byte[] buffer)
            throws IOException, UploadException {
        long unpacked = 0;
        CRC32 checksum = new CRC32();
        try (InputStream in = zip.getInputStream(entry)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                unpacked += n;
                checksum.update(buffer, 0, n);
                if (unpacked > left) {
                    throw new UploadException("The archive holds more bytes than a WebJob's files may have together.");
                }
            }
        } catch (java.io.EOFException e) {
            throw new UploadException("The archive can't be unpacked: it is damaged.");
        }
        if (checksum.getValue() != entry.getCrc() || unpacked != entry.getSize()) {
            throw new UploadException("The archive can't be unpacked: its entry " + entry.getName()
                    + " is damaged, and has another checksum or size than the archive says.");
        }
        return unpacked;
    }

    /** Rejects entries that are no plain files, by the central directory: the JDK's reader does not show the kind of an entry. */
    private static void rejectLinks(Path file) throws IOException, UploadException {
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            ByteBuffer end = end(in);
            long begin = Integer.toUnsignedLong(end.getInt(16));
            long size = Integer.toUnsignedLong(end.getInt(12));
            int entries = Short.toUnsignedInt(end.getShort(10));
            if (entries > MOST_ENTRIES || size > LARGEST_DIRECTORY || begin + size > in.length()) {
                throw new UploadException("The archive is larger than one may be, or damaged: it may have "
                        + MOST_ENTRIES + " entries, a directory of " + (LARGEST_DIRECTORY >> 20)
                        + " MiB, and no ZIP64 directory.");
            }
            byte[] directory = new byte[Math.toIntExact(size)];
            in.seek(begin);
            in.readFully(directory);
            for (int mode : modes(ByteBuffer.wrap(directory).order(ByteOrder.LITTLE_ENDIAN), entries)) {
                int type = mode & FILE_TYPE;
                if (type != 0 && type != REGULAR && type != DIRECTORY) {
                    throw new UploadException("An entry of the archive is a link or a device: give files.");
                }
            }
        }
    }

    private static List<Integer> modes(ByteBuffer directory, int entries) throws UploadException {
        List<Integer> modes = new ArrayList<>();
        int at = 0;
        for (int i = 0; i < entries; i++) {
            if (at + ENTRY_BYTES > directory.limit() || directory.getInt(at) != ENTRY_SIGNATURE) {
                throw new UploadException("The archive can't be unpacked: its directory is damaged.");
            }
            boolean unix = directory.get(at + 5) == UNIX;
            if (unix) {
                modes.add(directory.getInt(at + 38) >>> 16);
            }
            at += ENTRY_BYTES
                    + Short.toUnsignedInt(directory.getShort(at + 28))
                    + Short.toUnsignedInt(directory.getShort(at + 30))
                    + Short.toUnsignedInt(directory.getShort(at + 32));
        }
        return modes;
    }

    /** Returns the record at the end of the directory. */
    private static ByteBuffer end(RandomAccessFile in) throws IOException, UploadException {
        int length = (int) Math.min(in.length(), END_BYTES + LONGEST_COMMENT);
        byte[] tail = new byte[length];
        in.seek(in.length() - length);
        in.readFully(tail);
        ByteBuffer buffer = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = length - END_BYTES; at >= 0; at--) {
            if (buffer.getInt(at) == END_SIGNATURE
                    && at + END_BYTES + Short.toUnsignedInt(buffer.getShort(at + 20)) == length) {
                return buffer.slice(at, END_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            }
        }
        throw new UploadException("The body is no zip file: send one, or another Content-Type than application/zip.");
    }
}
