package io.muster.api.kafka;

import io.muster.codec.RecordCodec;
import io.muster.codec.UndecodableRecordException;
import io.muster.records.Artifact;
import io.muster.records.ArtifactChunk;
import io.muster.topics.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** Reads an artifact's chunks one behind another. For one thread. */
final class ArtifactStream extends InputStream {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final int EMPTY_POLLS = 20;

    private final Consumer<String, byte[]> consumer;
    private final RecordCodec<ArtifactChunk> codec;
    private final Artifact artifact;
    private final Queue<ConsumerRecord<String, byte[]>> fetched = new ArrayDeque<>();
    private ByteBuffer chunk = ByteBuffer.allocate(0);
    private int next;
    private int skip;

    /** Makes one. @param consumer is closed with it @param from the first byte */
    ArtifactStream(Consumer<String, byte[]> consumer, RecordCodec<ArtifactChunk> codec, Artifact artifact, long from) {
        this.consumer = consumer;
        this.codec = codec;
        this.artifact = artifact;
        this.next = Math.toIntExact(from / artifact.getChunkBytes());
        this.skip = Math.toIntExact(from % artifact.getChunkBytes());
        if (hasNext()) {
            TopicPartition partition = new TopicPartition(Topics.ARTIFACTS.name(), artifact.getPartition());
            consumer.assign(List.of(partition));
            consumer.seek(partition, artifact.getOffsets().get(next));
        }
    }

    private boolean hasNext() {
        return next < artifact.getOffsets().size();
    }

    @Override
    public int read() throws IOException {
        return fill() ? chunk.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int read = Math.min(length, chunk.remaining());
        chunk.get(into, offset, read);
        return read;
    }

    private boolean fill() throws IOException {
        while (!chunk.hasRemaining()) {
            if (!hasNext()) {
                return false;
            }
            chunk = fetch();
            chunk.position(Math.min(chunk.limit(), skip));
            skip = 0;
            next++;
        }
        return true;
    }

    /** Returns the content of the next chunk, which may have been written again since. */
    private ByteBuffer fetch() throws IOException {
        String wanted = KafkaArtifacts.key(artifact, next);
        int empty = 0;
        while (true) {
            while (!fetched.isEmpty()) {
                ConsumerRecord<String, byte[]> record = fetched.remove();
                if (wanted.equals(record.key()) && record.value() != null) {
                    return content(record.value());
                }
            }
            try {
                consumer.poll(POLL).forEach(fetched::add);
            } catch (KafkaException e) {
                throw new IOException("The log can't be read.", e);
            }
            empty = fetched.isEmpty() ? empty + 1 : 0;
            if (empty == EMPTY_POLLS) {
                throw new IOException("A chunk of an artifact is missing, key=" + wanted);
            }
        }
    }

    private ByteBuffer content(byte[] value) throws IOException {
        try {
            return codec.decode(value).getContent().slice();
        } catch (UndecodableRecordException e) {
            throw new IOException("A chunk of an artifact can't be read, key=" + KafkaArtifacts.key(artifact, next));
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
