package io.muster.device.journal;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps entries until they are acknowledged. An entry is on disk when {@link #append} returns. An acknowledgement need not be: where it is lost, its
 * entry is there once more after a restart, with the same number. Numbers rise and are never given twice.
 *
 * <p>The file is a row of {@link Frame}s. Opening reads all whole frames, leaves out damaged bytes (the last write of a process that was killed, or
 * a fault of the disk), and writes the file anew, under another name that then takes its place. So does an append when more of the file is
 * acknowledged than the limit. The file is thus never longer than twice the limit and a frame. One process has a journal at a time.
 *
 * <p>Thread-safe; calls wait for the disk.
 */
public final class Journal implements Closeable {
    /** Holds an entry that is not acknowledged. */
    public record Entry(long number, byte[] body) {}

    private final Path file;
    private final long limit;
    private final FileChannel lockFile;
    private final FileLock lock;
    private final TreeMap<Long, byte[]> entries = new TreeMap<>();
    private FileChannel channel;
    private long nextNumber = 1;
    /** Counts bytes of the entries' frames. */
    private long live;
    /** Counts bytes of the file. */
    private long written;

    private long damaged;
    private @Nullable IOException failure;

    private Journal(Path file, long limit, FileChannel lockFile, FileLock lock) throws IOException {
        this.file = file;
        this.limit = limit;
        this.lockFile = lockFile;
        this.lock = lock;
        if (Files.exists(file)) {
            read(Files.readAllBytes(file));
        }
        this.channel = rewrite();
    }

    /**
     * Opens the journal, or makes it.
     *
     * @param limit bytes of unacknowledged entries, with {@value Frame#OVERHEAD} for each
     * @throws IOException when the file can't be used, or another process has it
     */
    public static Journal open(Path file, long limit) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        FileChannel lockFile = FileChannel.open(lockFile(file), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            @Nullable FileLock lock = lockFile.tryLock();
            if (lock == null) {
                throw new IOException("Another process has the journal: end it first, file=" + file);
            }
            return new Journal(file, limit, lockFile, lock);
        } catch (IOException e) {
            lockFile.close();
            throw e;
        } catch (OverlappingFileLockException e) {
            lockFile.close();
            throw new IOException("This process has the journal already, file=" + file, e);
        }
    }

    private static Path lockFile(Path file) {
        return file.resolveSibling(file.getFileName() + ".lock");
    }

    /** Returns whether a process has the journal open now. Not for one that may have it open itself: asking would give its lock back. @throws IOException when the lock can't be read */
    public static boolean isOpen(Path file) throws IOException {
        Path lockFile = lockFile(file);
        if (!Files.exists(lockFile)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE)) {
            @Nullable FileLock lock = channel.tryLock();
            return lock == null;
        }
    }

    private void read(byte[] bytes) {
        int at = 0;
        while (at < bytes.length) {
            @Nullable Frame frame = Frame.read(bytes, at);
            if (frame == null) {
                damaged++;
                at++;
            } else {
                apply(frame);
                at += frame.length();
            }
        }
    }

    private void apply(Frame frame) {
        switch (frame.kind()) {
            case ENTRY -> {
                if (entries.put(frame.number(), frame.body()) == null) {
                    live += frame.length();
                }
                nextNumber = Math.max(nextNumber, frame.number() + 1);
            }
            case ACKNOWLEDGED -> {
                byte @Nullable [] gone = entries.remove(frame.number());
                if (gone != null) {
                    live -= Frame.OVERHEAD + gone.length;
                }
                nextNumber = Math.max(nextNumber, frame.number() + 1);
            }
            case NEXT_NUMBER -> nextNumber = Math.max(nextNumber, frame.number());
        }
    }

    /** Writes all that is not acknowledged to a new file, which takes the old one's place when it is on disk. */
    private FileChannel rewrite() throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        FileChannel made = FileChannel.open(
                next, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        try {
            long bytes = write(made, new Frame(Frame.Kind.NEXT_NUMBER, nextNumber));
            for (Map.Entry<Long, byte[]> entry : entries.entrySet()) {
                bytes += write(made, new Frame(Frame.Kind.ENTRY, entry.getKey(), entry.getValue()));
            }
            made.force(true);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
                folder.force(true);
            }
            written = bytes;
            return made;
        } catch (IOException e) {
            made.close();
            throw e;
        }
    }

    private static int write(FileChannel channel, Frame frame) throws IOException {
        ByteBuffer bytes = frame.bytes();
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        return frame.length();
    }

    /**
     * Keeps an entry; it is on disk when this returns.
     *
     * @return its number
     * @throws JournalFullException when too much is unacknowledged; nothing is kept then
     * @throws IOException when the disk fails: the entry may be kept or not, and so may none from then on
     */
    public synchronized long append(byte[] body) throws IOException {
        return append(List.of(body));
    }

    /** Keeps several entries, with one wait for the disk. As {@link #append(byte[])}; of a full journal none is kept. @return the number of the first; the others' follow */
    public synchronized long append(List<byte[]> bodies) throws IOException {
        long bytes = bodies.stream()
                .mapToLong(body -> (long) Frame.OVERHEAD + body.length)
                .sum();
        if (live + bytes > limit) {
            throw new JournalFullException(live + bytes, limit);
        }
        if (written - live > limit) {
            replace();
        }
        List<Frame> frames = new ArrayList<>();
        for (byte[] body : bodies) {
            frames.add(new Frame(Frame.Kind.ENTRY, nextNumber + frames.size(), body.clone()));
        }
        for (Frame frame : frames) {
            writeOrFail(frame);
        }
        force();
        long first = nextNumber;
        frames.forEach(this::apply);
        return first;
    }

    /** Drops an entry; a number that is not there is none's. */
    public synchronized void acknowledge(long number) throws IOException {
        if (entries.containsKey(number)) {
            Frame frame = new Frame(Frame.Kind.ACKNOWLEDGED, number);
            apply(frame);
            writeOrFail(frame);
        }
    }

    private void replace() throws IOException {
        rejectIfFailed();
        try {
            FileChannel old = channel;
            channel = rewrite();
            old.close();
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    /** Writes a frame; after a failure nobody knows what the file ends with, so nothing follows it. */
    private void writeOrFail(Frame frame) throws IOException {
        rejectIfFailed();
        try {
            written += write(channel, frame);
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    private void force() throws IOException {
        try {
            channel.force(false);
        } catch (IOException e) {
            failure = e;
            throw e;
        }
    }

    private void rejectIfFailed() throws IOException {
        if (failure != null) {
            throw new IOException("The journal failed before: start the program again, file=" + file, failure);
        }
    }

    /** Returns the first entry behind that number. */
    public synchronized Optional<Entry> after(long number) {
        Map.@Nullable Entry<Long, byte[]> next = entries.higherEntry(number);
        return next == null ? Optional.empty() : Optional.of(new Entry(next.getKey(), next.getValue()));
    }

    /** Returns how many entries are not acknowledged. */
    public synchronized int size() {
        return entries.size();
    }

    /** Returns how many bytes were damaged when it was opened. */
    public synchronized long damaged() {
        return damaged;
    }

    @Override
    public synchronized void close() throws IOException {
        channel.close();
        lock.release();
        lockFile.close();
    }
}
