package io.muster.agent;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.device.DeviceClient;
import io.muster.device.DeviceProgram;
import io.muster.device.MethodAnswer;
import io.muster.device.MethodCall;
import io.muster.device.Telemetry;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Behaves as its fleet does: answers methods, reports what is desired, sends telemetry. For the device's thread. */
final class SimulatedDevice implements DeviceProgram {
    private static final int REMEMBERED = 64;
    private static final Set<Subscription> SUBSCRIPTIONS =
            EnumSet.of(Subscription.METHODS, Subscription.DESIRED_CHANGES);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Behaviour behaviour;
    private final Counters counters;
    private final Invocations invocations;
    private final SplittableRandom random;
    /** Holds the ids of the last calls; null before the first. */
    private @Nullable Map<String, Boolean> seen;

    private @Nullable Future<?> telemetry;
    private boolean connected;

    SimulatedDevice(Behaviour behaviour, Counters counters, Invocations invocations, SplittableRandom random) {
        this.behaviour = behaviour;
        this.counters = counters;
        this.invocations = invocations;
        this.random = random;
    }

    @Override
    public Set<Subscription> subscriptions() {
        return SUBSCRIPTIONS;
    }

    @Override
    public void connected(DeviceClient device) {
        connected = true;
        counters.connected.incrementAndGet();
        if (behaviour.reportsDesired()) {
            device.twin()
                    .thenAccept(twin -> reportMissing(device, object(twin)))
                    .exceptionally(_ -> null);
        }
        long every = behaviour.telemetryEvery().toMillis();
        if (every > 0) {
            telemetry = device.executor()
                    .scheduleAtFixedRate(
                            () -> sendTelemetry(device), random.nextLong(every), every, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void ended(DeviceClient device, String reason) {
        if (connected) {
            connected = false;
            counters.connected.decrementAndGet();
        }
        if (telemetry != null) {
            telemetry.cancel(false);
            telemetry = null;
        }
        counters.ended(reason);
    }

    @Override
    public void desiredChanged(DeviceClient device, String patch) {
        counters.desired.increment();
        if (behaviour.reportsDesired()) {
            report(device, object(patch));
        }
    }

    private void reportMissing(DeviceClient device, ObjectNode twin) {
        report(device, missing(twin.path("desired"), twin.path("reported")));
    }

    private void report(DeviceClient device, ObjectNode properties) {
        properties.remove("$version");
        if (!properties.isEmpty()) {
            device.patchReported(properties.toString())
                    .thenAccept(_ -> counters.reported.increment())
                    .exceptionally(_ -> null);
        }
    }

    private void sendTelemetry(DeviceClient device) {
        device.send(Telemetry.ofJson("{\"temperature\":" + (15 + random.nextInt(100) / 10.0) + "}"))
                .thenAccept(_ -> counters.telemetry.increment())
                .exceptionally(_ -> null);
    }

    @Override
    public CompletionStage<MethodAnswer> call(DeviceClient device, MethodCall call) {
        invocations.invoked(device.deviceId(), call.method(), call.id());
        (noteFirst(call.id()) ? counters.methods : counters.repeated).increment();
        CompletableFuture<MethodAnswer> answer = new CompletableFuture<>();
        if (happens(behaviour.silentShare())) {
            return answer;
        }
        MethodAnswer given = happens(behaviour.failureShare())
                ? MethodAnswer.failed(call.payload())
                : MethodAnswer.ok(call.payload());
        long longest = behaviour.longestAnswer().toMillis();
        if (longest == 0) {
            answer.complete(given);
        } else {
            long delay = random.nextLong(behaviour.shortestAnswer().toMillis(), longest + 1);
            device.executor().schedule(() -> answer.complete(given), delay, TimeUnit.MILLISECONDS);
        }
        return answer;
    }

    private boolean happens(double share) {
        return share > 0 && random.nextDouble() < share;
    }

    /** Remembers a call. @return whether it is the first of its id among the last calls */
    private boolean noteFirst(String id) {
        if (seen == null) {
            seen = new LinkedHashMap<>() {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
                    return size() > REMEMBERED;
                }
            };
        }
        return seen.put(id, true) == null;
    }

    /** Parses a body; JSON that is no object counts as an object without members. @throws IllegalArgumentException when it is not JSON, which ends the connection */
    private static ObjectNode object(String json) {
        try {
            return JSON.readTree(json) instanceof ObjectNode object ? object : JSON.createObjectNode();
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("The hub sent a body that is not JSON", e);
        }
    }

    /** Returns the members of desired that reported lacks or has otherwise. */
    private static ObjectNode missing(JsonNode desired, JsonNode reported) {
        ObjectNode missing = JSON.createObjectNode();
        desired.properties().forEach(member -> {
            if (!member.getValue().equals(reported.get(member.getKey()))) {
                missing.set(member.getKey(), member.getValue());
            }
        });
        return missing;
    }
}
