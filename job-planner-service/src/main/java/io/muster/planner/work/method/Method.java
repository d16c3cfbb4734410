package io.muster.planner.work.method;

import io.muster.planner.json.Json;
import io.muster.planner.json.MalformedJsonException;
import io.muster.planner.request.Fault;
import io.muster.planner.state.MethodCall;
import io.muster.planner.work.Answer;
import io.muster.planner.work.Operation;
import io.muster.planner.work.Work;
import io.muster.records.Capability;
import io.muster.records.DeviceMethod;
import io.muster.records.MethodRequest;
import io.muster.records.MethodRequests;
import io.muster.records.MethodTarget;
import io.muster.records.OperationType;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Calls a direct method. Contract: iot-hub, 1.6. */
public record Method(MethodCall call) implements Operation.OnDevice {
    private static final int ERROR_STATUS = 400;

    @Override
    public OperationType type() {
        return OperationType.METHOD;
    }

    @Override
    public Capability needs() {
        return Capability.METHODS;
    }

    @Override
    public Duration connectTime() {
        return Duration.ofSeconds(call.getConnectTimeoutSeconds());
    }

    @Override
    public Duration answerTime() {
        return Duration.ofSeconds(call.getResponseTimeoutSeconds());
    }

    @Override
    public Object delivery(long epoch, String deliveryId, Instant until) {
        return new MethodRequest(epoch, deliveryId, call.getMethodName(), call.getPayload(), until);
    }

    @Override
    public Object deliveries(List<MethodTarget> targets) {
        return new MethodRequests(call.getMethodName(), call.getPayload(), targets);
    }

    @Override
    public Answer read(int status, ByteBuffer payload) {
        if (payload.remaining() > MethodKind.LARGEST_PAYLOAD) {
            return new Answer.Invalid("The device's answer has more than 128 KB.");
        }
        try {
            Work.Reply reply = new Work.Reply(status, json(payload));
            return status < ERROR_STATUS ? new Answer.Done(reply) : new Answer.ErrorStatus(reply);
        } catch (MalformedJsonException | CharacterCodingException e) {
            return new Answer.Invalid("The device's answer is not JSON.");
        }
    }

    private static String json(ByteBuffer payload) throws MalformedJsonException, CharacterCodingException {
        String text =
                StandardCharsets.UTF_8.newDecoder().decode(payload.duplicate()).toString();
        if (text.isBlank()) {
            return "null";
        }
        Json.value(text);
        return text;
    }

    /** Defines the kind. */
    public static final class MethodKind implements Kind<DeviceMethod, MethodCall> {
        private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_\\-.~*]{1,128}");
        private static final int LONGEST_SECONDS = 300;
        private static final int SHORTEST_RESPONSE_SECONDS = 5;
        private static final int LARGEST_PAYLOAD = 128 * 1024;

        @Override
        public Class<DeviceMethod> request() {
            return DeviceMethod.class;
        }

        @Override
        public Class<MethodCall> kept() {
            return MethodCall.class;
        }

        @Override
        public Optional<Fault> fault(DeviceMethod method) {
            if (!NAME.matcher(method.getMethodName()).matches()) {
                return invalid("A method's name has 1 to 128 letters, digits or characters of _-.~* and no others.");
            }
            if (method.getResponseTimeoutSeconds() < SHORTEST_RESPONSE_SECONDS
                    || method.getResponseTimeoutSeconds() > LONGEST_SECONDS) {
                return invalid(
                        "responseTimeoutInSeconds is " + SHORTEST_RESPONSE_SECONDS + " to " + LONGEST_SECONDS + ".");
            }
            if (method.getConnectTimeoutSeconds() < 0 || method.getConnectTimeoutSeconds() > LONGEST_SECONDS) {
                return invalid("connectTimeoutInSeconds is 0 to " + LONGEST_SECONDS + ".");
            }
            if (method.getPayload().length() > LARGEST_PAYLOAD) {
                return Optional.of(Fault.tooLarge("A method's payload has 128 KB at most."));
            }
            try {
                Json.value(method.getPayload());
                return Optional.empty();
            } catch (MalformedJsonException e) {
                return invalid("The method's payload can't be read: " + e.getMessage() + ".");
            }
        }

        private static Optional<Fault> invalid(String sentence) {
            return Optional.of(Fault.invalid(sentence));
        }

        @Override
        public MethodCall keep(DeviceMethod method) {
            return new MethodCall(
                    method.getMethodName(),
                    method.getPayload(),
                    method.getResponseTimeoutSeconds(),
                    method.getConnectTimeoutSeconds());
        }

        @Override
        public Operation of(MethodCall kept) {
            return new Method(kept);
        }
    }
}
