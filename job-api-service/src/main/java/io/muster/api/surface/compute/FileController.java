package io.muster.api.surface.compute;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.muster.api.access.Gate;
import io.muster.api.artifact.Artifacts;
import io.muster.api.compute.NodeView;
import io.muster.api.compute.PoolView;
import io.muster.api.http.ByteRange;
import io.muster.api.http.Pieces;
import io.muster.api.http.Places;
import io.muster.api.http.Streams;
import io.muster.api.http.Time;
import io.muster.api.job.Requests;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.Artifact;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

/** Gives nodes the files that their tasks need, and no others. */
@Controller(Compute.MOUNT)
@ExecuteOn(TaskExecutors.BLOCKING)
final class FileController {
    private static final String DEVICE = "x-muster-device";
    private static final int PIECE = 64 * 1024;
    /** Bounds the wait for the event of an order that has reached its node already. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final int WAITING = 1024;
    private static final int WAITING_OF_NODE = 16;

    /** Bounds the requests that wait for events. */
    private final Places waits = new Places(WAITING, WAITING_OF_NODE);

    private final NodeTokens tokens;
    private final PoolView pools;
    private final NodeView nodes;
    private final Artifacts artifacts;
    private final Time time;

    FileController(Gate gate, Requests requests, PoolView pools, NodeView nodes, Artifacts artifacts, Time time) {
        this.tokens = new NodeTokens(gate, requests);
        this.pools = pools;
        this.nodes = nodes;
        this.artifacts = artifacts;
        this.time = time;
    }

    @Get("/compute/artifacts/{sha256}")
    HttpResponse<?> get(HttpRequest<?> request, String sha256) throws InterruptedException {
        String deviceId = request.getHeaders().findFirst(DEVICE).orElse("");
        tokens.check(deviceId, request.getHeaders().findFirst("Authorization").orElse(""), time.now());
        if (!isNeeded(deviceId, sha256)) {
            throw missing();
        }
        Artifact artifact = artifacts.find(sha256).orElseThrow(FileController::missing);
        Optional<String> range = request.getHeaders().findFirst("Range").filter(ByteRange::isOne);
        if (range.isEmpty()) {
            return bytes(request, HttpStatus.OK, artifact, new ByteRange(0, artifact.getBytes()));
        }
        Optional<ByteRange> asked = ByteRange.of(range.get(), artifact.getBytes());
        return asked.<HttpResponse<?>>map(found -> bytes(request, HttpStatus.PARTIAL_CONTENT, artifact, found)
                        .header("Content-Range", found.contentRange(artifact.getBytes())))
                .orElseGet(() -> HttpResponse.<String>status(HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                        .body("")
                        .header("Content-Range", "bytes */" + artifact.getBytes()));
    }

    /** Returns whether a task of the node needs the file. Only a node waits to be told, and one for few files at once. */
    private boolean isNeeded(String deviceId, String sha256) throws InterruptedException {
        if (pools.needs(deviceId, sha256, Duration.ZERO)) {
            return true;
        }
        if (!nodes.isNode(deviceId) || !HASH.matcher(sha256).matches()) {
            return false;
        }
        try (Places.Taken _ = waits.take(List.of(deviceId), 1, Duration.ZERO)
                .orElseThrow(() -> new ProblemException(
                        Problem.throttled("Too many files are waited for: try again in a moment.")))) {
            return pools.needs(deviceId, sha256, PATIENCE);
        }
    }

    private MutableHttpResponse<Publisher<byte[]>> bytes(
            HttpRequest<?> request, HttpStatus status, Artifact artifact, ByteRange range) {
        return HttpResponse.status(status)
                .<Publisher<byte[]>>body(Streams.of(
                        request, () -> new Content(artifacts.open(artifact, range.from()), range)))
                .header("Content-Type", "application/octet-stream")
                .header("Accept-Ranges", "bytes")
                .header("Cache-Control", "no-store");
    }

    private static ProblemException missing() {
        return new ProblemException(Problem.notFound("No task of this node has such a file."));
    }

    /** Reads an artifact's range. */
    private static final class Content implements Pieces {
        private final InputStream in;
        private long left;

        Content(InputStream in, ByteRange range) {
            this.in = in;
            this.left = range.to() - range.from();
        }

        @Override
        public byte @Nullable [] next() throws IOException {
            byte[] piece = in.readNBytes((int) Math.min(PIECE, left));
            if (piece.length < Math.min(PIECE, left)) {
                throw new IOException("An artifact has fewer bytes than its index says.");
            }
            left -= piece.length;
            return piece.length == 0 ? null : piece;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
