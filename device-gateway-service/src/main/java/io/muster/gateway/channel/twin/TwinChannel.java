package io.muster.gateway.channel.twin;

import io.muster.document.IdentityId;
import io.muster.gateway.channel.Channel;
import io.muster.gateway.channel.ChannelMeters;
import io.muster.gateway.channel.DeviceConnection;
import io.muster.gateway.channel.Filter;
import io.muster.gateway.channel.Handover;
import io.muster.gateway.channel.Outgoing;
import io.muster.gateway.channel.Publish;
import io.muster.gateway.channel.Receipt;
import io.muster.gateway.fleet.Fleet;
import io.muster.records.Capability;
import io.muster.records.DesiredChanged;
import io.muster.records.DeviceRefused;
import io.muster.records.PatchReported;
import io.muster.records.ReportedAnswer;
import io.muster.records.RequestTwin;
import io.muster.records.TwinAnswer;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Passes requests of devices for their twins to the fleet, and its answers and changes of desired properties to them. */
public final class TwinChannel implements Channel {
    private static final List<Filter> FILTERS = List.of(
            new Filter("$iothub/twin/res/#", Capability.TWIN_ANSWERS),
            new Filter("$iothub/twin/PATCH/properties/desired/#", Capability.DESIRED_CHANGES));
    private static final String ANSWERS = "$iothub/twin/res/";
    private static final int BAD_REQUEST = 400;
    private static final int PRECONDITION_FAILED = 412;
    private static final int TOO_LARGE = 413;
    private static final int SERVER_ERROR = 500;

    private final Fleet fleet;
    private final ChannelMeters meters;
    private final InstantSource clock;

    public TwinChannel(Fleet fleet, ChannelMeters meters, InstantSource clock) {
        this.fleet = fleet;
        this.meters = meters;
        this.clock = clock;
    }

    @Override
    public List<Filter> filters(IdentityId id) {
        return FILTERS;
    }

    @Override
    public @Nullable Receipt receive(DeviceConnection connection, Publish publish) {
        return switch (TwinRequest.parse(publish.topic())) {
            case null -> null;
            case TwinRequest.Get get -> get(connection, get);
            case TwinRequest.Patch patch -> patch(connection, patch, publish);
            case TwinRequest.MalformedPatch patch -> {
                refuse(connection, patch.rid(), "The $version is not a number.");
                yield Receipt.ofNothing();
            }
        };
    }

    private Receipt get(DeviceConnection connection, TwinRequest.Get get) {
        meters.received("twin get");
        // Nobody would hear the answer of a session that has not subscribed.
        return connection.takes(Capability.TWIN_ANSWERS)
                ? Receipt.request(fleet.report(connection.deviceId(), new RequestTwin(connection.epoch(), get.rid())))
                : Receipt.ofNothing();
    }

    private Receipt patch(DeviceConnection connection, TwinRequest.Patch patch, Publish publish) {
        meters.received("reported patch");
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(publish.payload().nioBuffer())
                    .toString();
        } catch (CharacterCodingException e) {
            refuse(connection, patch.rid(), "The patch is not UTF-8.");
            return Receipt.ofNothing();
        }
        return Receipt.request(fleet.report(
                connection.deviceId(),
                new PatchReported(connection.epoch(), patch.rid(), text, patch.expectedVersion())));
    }

    private void refuse(DeviceConnection connection, String rid, String reason) {
        fail(connection, rid, BAD_REQUEST, reason);
    }

    @Override
    public List<Handover<?>> handovers() {
        return List.of(
                Handover.ofLossy(TwinAnswer.class, TwinAnswer::getEpoch, this::answer),
                Handover.ofLossy(ReportedAnswer.class, ReportedAnswer::getEpoch, this::answerPatch),
                Handover.ofLossy(DesiredChanged.class, DesiredChanged::getEpoch, this::notifyOf));
    }

    private void answer(DeviceConnection connection, Outgoing<TwinAnswer> outgoing) {
        TwinAnswer answer = outgoing.delivery();
        meters.written("twin");
        publish(connection, ANSWERS + "200/?$rid=" + answer.getRid(), TwinBodies.twin(answer));
    }

    private void answerPatch(DeviceConnection connection, Outgoing<ReportedAnswer> outgoing) {
        if (!connection.takes(Capability.TWIN_ANSWERS)) {
            return;
        }
        ReportedAnswer answer = outgoing.delivery();
        meters.written("reported");
        @Nullable DeviceRefused refusal = answer.getRefusal();
        if (refusal == null) {
            publish(connection, ANSWERS + "204/?$rid=" + answer.getRid() + "&$version=" + answer.getVersion(), "");
        } else {
            fail(connection, answer.getRid(), status(refusal), refusal.getMessage());
        }
    }

    private static int status(DeviceRefused refusal) {
        return switch (refusal.getReason()) {
            case PRECONDITION_FAILED -> PRECONDITION_FAILED;
            case TOO_LARGE -> TOO_LARGE;
            case UNUSABLE_TWIN, QUERY_FAILED, UNKNOWN -> SERVER_ERROR;
            case INVALID,
                    INCOMPLETE,
                    ALREADY_EXISTS,
                    NOT_FOUND,
                    MODULE_ALREADY_EXISTS,
                    MODULE_NOT_FOUND,
                    TOO_MANY_MODULES,
                    NOT_CONNECTED,
                    NO_ANSWER,
                    INVALID_ANSWER,
                    TOO_MANY_METHODS_IN_FLIGHT,
                    QUEUE_FULL,
                    TOO_MANY_QUERIES -> BAD_REQUEST;
        };
    }

    private void fail(DeviceConnection connection, String rid, int status, String message) {
        publish(
                connection,
                ANSWERS + status + "/?$rid=" + rid,
                TwinBodies.failure(status, UUID.randomUUID().toString(), message, clock.instant()));
    }

    private void notifyOf(DeviceConnection connection, Outgoing<DesiredChanged> outgoing) {
        if (!connection.takes(Capability.DESIRED_CHANGES)) {
            return;
        }
        DesiredChanged change = outgoing.delivery();
        meters.written("desired");
        publish(
                connection,
                "$iothub/twin/PATCH/properties/desired/?$version=" + change.getVersion(),
                TwinBodies.desired(change));
    }

    private static void publish(DeviceConnection connection, String topic, String body) {
        connection.publish(topic, ByteBufUtil.writeUtf8(connection.allocator(), body));
    }
}
