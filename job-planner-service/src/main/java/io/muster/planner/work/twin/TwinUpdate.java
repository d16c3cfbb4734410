package io.muster.planner.work.twin;

import io.muster.planner.fleet.TwinChange;
import io.muster.planner.fleet.TwinEdit;
import io.muster.planner.request.Fault;
import io.muster.planner.work.Operation;
import io.muster.records.Device;
import io.muster.records.OperationType;
import io.muster.records.TwinPatch;
import java.time.Instant;
import java.util.Optional;

/** Changes twins. Contract: iot-hub, 1.5. */
public record TwinUpdate(TwinEdit edit) implements Operation.OnTwin {
    @Override
    public OperationType type() {
        return OperationType.TWIN;
    }

    @Override
    public TwinChange applyTo(Device device, Instant now) {
        return edit.applyTo(device.getTwin(), now);
    }

    /** Defines the kind. */
    public static final class TwinUpdateKind implements Kind<TwinPatch, io.muster.planner.state.TwinEdit> {
        @Override
        public Class<TwinPatch> request() {
            return TwinPatch.class;
        }

        @Override
        public Class<io.muster.planner.state.TwinEdit> kept() {
            return io.muster.planner.state.TwinEdit.class;
        }

        @Override
        public Optional<Fault> fault(TwinPatch patch) {
            if (patch.getTags() == null && patch.getDesired() == null) {
                return Optional.of(Fault.incomplete("updateTwin names neither tags nor desired properties."));
            }
            return TwinEdit.parse(TwinEdit.Mode.PATCH, patch.getIfMatch(), patch.getTags(), patch.getDesired())
                            instanceof TwinEdit.Parsed.Invalid invalid
                    ? Optional.of(invalid.fault())
                    : Optional.empty();
        }

        @Override
        public io.muster.planner.state.TwinEdit keep(TwinPatch patch) {
            return new io.muster.planner.state.TwinEdit(patch.getIfMatch(), patch.getTags(), patch.getDesired());
        }

        @Override
        public Operation of(io.muster.planner.state.TwinEdit kept) {
            return switch (TwinEdit.parse(TwinEdit.Mode.PATCH, kept.getIfMatch(), kept.getTags(), kept.getDesired())) {
                case TwinEdit.Parsed.Valid valid -> new TwinUpdate(valid.edit());
                case TwinEdit.Parsed.Invalid invalid ->
                    throw new IllegalArgumentException(
                            "the job's patch is refused: " + invalid.fault().sentence());
            };
        }
    }
}
