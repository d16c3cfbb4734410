package io.muster.api.surface.compute;

import io.muster.access.KeyPair;
import io.muster.api.access.Gate;
import io.muster.api.job.Requests;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.AuthenticationType;
import io.muster.records.Credentials;
import io.muster.records.DeviceStatus;
import io.muster.records.DeviceView;
import io.muster.records.GetDevice;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;

/**
 * Checks the signatures of devices. Their keys are asked for in the log, and what was found right is known for {@value #KNOWN_SECONDS} seconds: a
 * device that is disabled fetches files for so long. Thread-safe.
 */
final class NodeTokens {
    private static final int KNOWN_SECONDS = 30;
    private static final int MOST_KNOWN = 10_000;
    private static final int AT_ONCE = 100;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private record Shown(String deviceId, String token) {}

    private final Gate gate;
    private final Requests requests;
    /** Bounds the questions to the log: anybody can make a token that causes one. */
    private final Semaphore asking = new Semaphore(AT_ONCE);

    private final Map<Shown, Instant> known = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Shown, Instant> eldest) {
            return size() > MOST_KNOWN;
        }
    };

    NodeTokens(Gate gate, Requests requests) {
        this.gate = gate;
        this.requests = requests;
    }

    /** Rejects what is no signature of the device. Waits for the log. @throws ProblemException (401), or (429) when too much is asked */
    void check(String deviceId, String token, Instant now) {
        if (!gate.mayBeOfDevice(token, deviceId, now)) {
            throw refused();
        }
        Shown shown = new Shown(deviceId, token);
        synchronized (known) {
            Instant until = known.get(shown);
            if (until != null && now.isBefore(until)) {
                return;
            }
        }
        if (!asking.tryAcquire()) {
            throw new ProblemException(Problem.throttled("Too many files are asked for: try again in a moment."));
        }
        try {
            ask(deviceId, token, now);
        } finally {
            asking.release();
        }
        synchronized (known) {
            known.remove(shown);
            known.put(shown, now.plusSeconds(KNOWN_SECONDS));
        }
    }

    private void ask(String deviceId, String token, Instant now) {
        DeviceView view;
        try {
            view = requests.device(deviceId, new GetDevice(), DeviceView.class, LIMIT)
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof ProblemException problem ? problem : refused();
        }
        Credentials credentials = view.getDevice().getSettings().getCredentials();
        boolean right = view.getDevice().getSettings().getStatus() == DeviceStatus.ENABLED
                && credentials.getType() == AuthenticationType.SAS
                && gate.isOfDevice(
                        token, deviceId, new KeyPair(credentials.getPrimaryKey(), credentials.getSecondaryKey()), now);
        if (!right) {
            throw refused();
        }
    }

    private static ProblemException refused() {
        return new ProblemException(
                Problem.unauthorized(
                        "Give the signature of a device in the header Authorization, and its id in the header x-muster-device."));
    }
}
