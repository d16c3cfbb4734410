package io.muster.planner.batchpool;

import io.muster.planner.batch.BatchTexts;
import io.muster.records.AutoScale;
import io.muster.records.BatchPoolDefinition;
import io.muster.records.BatchPoolRefusalReason;
import io.muster.records.BatchPoolRefused;
import io.muster.records.CloudServiceConfiguration;
import io.muster.records.ImageReference;
import io.muster.records.NameValue;
import io.muster.records.VirtualMachineConfiguration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Checks documents of pools. Contract: batch, 3.4 and 3.5. */
final class BatchPoolRules {
    private static final int LONGEST_FORMULA = 32 << 10;

    private BatchPoolRules() {}

    /** Returns why a pool can't be as it is described. */
    static Optional<BatchPoolRefused> fault(BatchPoolDefinition pool) {
        @Nullable VirtualMachineConfiguration machine = pool.getVirtualMachine();
        @Nullable CloudServiceConfiguration service = pool.getCloudService();
        Stream<Optional<BatchPoolRefused>> faults = Stream.concat(
                Stream.of(
                        nameFault("displayName", pool.getDisplayName()),
                        nameFault("vmSize", pool.getVmSize()),
                        metadataFault(pool.getMetadata())),
                Stream.concat(
                        machine == null ? Stream.of() : machineFaults(machine),
                        service == null
                                ? Stream.of()
                                : Stream.of(
                                        nameFault("cloudServiceConfiguration.osFamily", service.getOsFamily()),
                                        nameFault("cloudServiceConfiguration.osVersion", service.getOsVersion()))));
        return faults.flatMap(Optional::stream).findFirst();
    }

    private static Stream<Optional<BatchPoolRefused>> machineFaults(VirtualMachineConfiguration machine) {
        ImageReference image = machine.getImage();
        return Stream.of(
                nameFault("virtualMachineConfiguration.nodeAgentSKUId", machine.getNodeAgentId()),
                nameFault("imageReference.publisher", image.getPublisher()),
                nameFault("imageReference.offer", image.getOffer()),
                nameFault("imageReference.sku", image.getSku()),
                nameFault("imageReference.version", image.getVersion()));
    }

    /** Returns why a pool can't have that metadata. */
    static Optional<BatchPoolRefused> metadataFault(List<NameValue> metadata) {
        return BatchTexts.pairsFault(metadata).map(fault -> invalid("metadata", fault));
    }

    private static Optional<BatchPoolRefused> nameFault(String member, @Nullable String name) {
        return BatchTexts.nameFault(name).map(fault -> invalid(member, fault));
    }

    /** Returns why a formula is too long. */
    static Optional<String> formulaFault(@Nullable AutoScale scale) {
        return scale == null ? Optional.empty() : formulaFault(scale.getFormula());
    }

    static Optional<String> formulaFault(String formula) {
        return formula.length() > LONGEST_FORMULA
                ? Optional.of("A formula has at most " + LONGEST_FORMULA + " characters.")
                : Optional.empty();
    }

    private static BatchPoolRefused invalid(String member, String fault) {
        return new BatchPoolRefused(BatchPoolRefusalReason.INVALID, fault, member, null);
    }
}
