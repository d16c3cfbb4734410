package io.muster.api.surface.central;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.muster.api.job.CatalogView;
import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.api.json.Problem;
import io.muster.api.json.ProblemException;
import io.muster.records.Batches;
import io.muster.records.CatalogItem;
import io.muster.records.DeviceMethod;
import io.muster.records.FailureLimit;
import io.muster.records.JobDefinition;
import io.muster.records.JobPolicy;
import io.muster.records.TwinPatch;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the documents of jobs. Contract: iot-central, 1.4 and 1.6. */
final class JobReader {
    /** Lists what a job says, and what its document shows of it: callers who copy one send both. */
    static final Members MEMBERS = Members.of(
            "id",
            "displayName",
            "description",
            "group",
            "batch",
            "cancellationThreshold",
            "data",
            "devices",
            Scope.MEMBER,
            "scheduledJobId",
            "start",
            "end",
            "progress",
            "status",
            "statusMessage",
            "rerunOf");

    private static final String MIGRATION = "deviceTemplateMigration";
    private static final Members OF_AMOUNT = Members.of("type", "value");
    private static final Members OF_THRESHOLD = OF_AMOUNT.and("batch");
    /** Lists both spellings of kinds of data by the one that answers have. */
    private static final Map<String, String> TYPES = Map.of(
            "property",
            "property",
            "PropertyJobData",
            "property",
            "cloudProperty",
            "cloudProperty",
            "CloudPropertyJobData",
            "cloudProperty",
            "command",
            "command",
            "CommandJobData",
            "command",
            MIGRATION,
            MIGRATION,
            "DeviceTemplateMigrationJobData",
            MIGRATION);

    private static final Pattern STEP = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");

    /** Marks a component's section in a twin. Source: IoT Plug and Play conventions. */
    private static final String MARK = "__t";

    private static final Set<String> KEPT =
            Set.of("displayName", "description", "group", "batch", "cancellationThreshold", "data", "devices");
    /** Names the lane of all jobs of this surface, of which so many run at once. Contract: iot-central, 1.1. */
    private static final String LANE = "central";

    private static final int MOST_DATA = 100;
    /** Bounds the condition of devices that are picked: it is one of a twin query, with an organization. */
    private static final int LONGEST_PICK = 8000;

    private static final int LONGEST_TARGET = 255;
    private static final int MOST_STEPS = 2;
    private static final int PERCENT = 100;
    private static final int RESPONSE_SECONDS = 30;

    /** Bounds the life of a job: IoT Central has no time for one, and its history is as long. */
    private static final Duration LIFE = Duration.ofDays(30);

    private final CatalogView catalog;
    private final Groups groups;

    JobReader(CatalogView catalog) {
        this.catalog = catalog;
        this.groups = new Groups(catalog);
    }

    /** Holds a job as the core is asked for it, and the devices of its group that alone are meant; none of them for all. */
    record Read(JobDefinition definition, String groupCondition, List<String> devices) {}

    /**
     * Reads a job.
     *
     * @param more members that the kept document has beside the caller's
     * @throws ProblemException (400) when a member is wrong
     */
    Read read(CentralRequest request, String id, ObjectNode document, ObjectNode more) {
        JsonBody body = JsonBody.of(document).rejectOthers(MEMBERS);
        body.text("displayName", CentralRequest.LONGEST_NAME);
        body.text("description", CentralRequest.LONGEST_DESCRIPTION);
        String groupId =
                body.text("group").orElseThrow(() -> body.wrong("group", "the id of a device group, and required"));
        CatalogItem group = group(request, groupId);
        @Nullable String organization = organization(request, body, group);
        List<String> devices = devices(body);
        ArrayNode data = JsonNodeFactory.instance.arrayNode();
        Object operation = operation(body, data);
        boolean asksDevices = operation instanceof DeviceMethod;
        ObjectNode source = document.deepCopy();
        source.retain(KEPT);
        source.set("data", data);
        if (organization != null) {
            source.putArray(Scope.MEMBER).add(organization);
        }
        source.setAll(more);
        JobPolicy policy = JobPolicy.newBuilder()
                .setBatches(batches(body))
                .setFailureLimit(limit(body))
                .setErrorStatusFails(asksDevices)
                .setOfflineFails(asksDevices)
                .setGroup(devices.isEmpty() ? groupId : null)
                .setOrganization(organization)
                .setTemplates(
                        type(data).equals(MIGRATION)
                                ? List.of(data.get(0).path("template").asText())
                                : List.of())
                .setSource(source.toString())
                .setLane(LANE)
                .build();
        String condition = Groups.condition(group);
        JobDefinition definition = JobDefinition.newBuilder()
                .setJobId(id)
                .setOperation(operation)
                .setQueryCondition(devices.isEmpty() ? condition : Scope.within(among(devices), organization))
                .setMaxExecutionSeconds((int) LIFE.toSeconds())
                .setPolicy(policy)
                .build();
        return new Read(definition, condition, devices);
    }

    private static List<String> devices(JsonBody body) {
        List<String> devices = body.texts("devices").stream().distinct().toList();
        if (among(devices).length() > LONGEST_PICK) {
            throw body.wrong("devices", "a list of fewer devices: make a group of so many");
        }
        return devices;
    }

    private static String type(ArrayNode data) {
        return data.get(0).path("type").asText();
    }

    /** Checks that the device templates of a job are there. @throws ProblemException (400) where one is not */
    void checkTemplates(JobPolicy policy) {
        policy.getTemplates().stream()
                .filter(template ->
                        catalog.get(TemplateController.LIST + template).isEmpty())
                .findFirst()
                .ifPresent(template -> {
                    throw new ProblemException(
                            Problem.argumentInvalid("There is no device template " + template + " any more."));
                });
    }

    /** Returns a condition that selects devices by their ids. */
    static String among(List<String> devices) {
        return devices.stream()
                .map(id -> "'" + id.replace("\\", "\\\\").replace("'", "\\'") + "'")
                .collect(Collectors.joining(",", "deviceId IN [", "]"));
    }

    private CatalogItem group(CentralRequest request, String id) {
        CatalogItem group = catalog.get(Groups.LIST + id)
                .filter(item -> request.scope().sees(item.getOrganization()))
                .orElseThrow(() -> invalidGroup("There is no device group '" + id + "'."));
        groups.fault(group).ifPresent(reason -> {
            throw invalidGroup(reason);
        });
        return group;
    }

    private static ProblemException invalidGroup(String sentence) {
        return new ProblemException(new Problem(400, "InvalidDeviceGroup", sentence));
    }

    private static @Nullable String organization(CentralRequest request, JsonBody body, CatalogItem group) {
        @Nullable String ofGroup = group.getOrganization();
        if (!body.has(Scope.MEMBER)) {
            return ofGroup;
        }
        @Nullable String named = request.scope().named(body, ofGroup);
        if (named == null && ofGroup != null) {
            throw new ProblemException(Problem.argumentInvalid("The device group is of the organization " + ofGroup
                    + ", and so is a job over it: leave organizations out, or name it."));
        }
        if (named != null && !named.equals(ofGroup)) {
            throw new ProblemException(Problem.argumentInvalid("The device group is not of the organization " + named
                    + ": name a group of it, whose devices are the organization's."));
        }
        return named;
    }

    /** Returns what the core is to do. @param kept takes the data, in the spelling of answers */
    private Object operation(JsonBody body, ArrayNode kept) {
        List<JsonBody> data = body.objects("data");
        if (data.isEmpty() || data.size() > MOST_DATA) {
            throw body.wrong("data", "a list of 1 to " + MOST_DATA + " entries");
        }
        List<String> types = data.stream().map(JobReader::type).distinct().toList();
        if (types.size() > 1) {
            throw body.wrong("data", "a list of entries of one type, not of " + types);
        }
        String type = types.getFirst();
        data.forEach(entry -> kept.add(entry.copy().put("type", type)));
        if (data.size() > 1 && !type.endsWith("roperty")) {
            throw body.wrong("data", "one entry where its type is " + type);
        }
        return switch (type) {
            case "property" -> new TwinPatch(null, null, patch(data, true).toString());
            case "cloudProperty" -> new TwinPatch(null, patch(data, false).toString(), null);
            case "command" -> method(data.getFirst());
            default -> migration(data.getFirst());
        };
    }

    private static String type(JsonBody entry) {
        String type = entry.text("type")
                .map(TYPES::get)
                .orElseThrow(() -> entry.wrong("type", "property, cloudProperty, command or deviceTemplateMigration"));
        entry.rejectOthers(
                type.equals(MIGRATION)
                        ? Members.of("type", "template")
                        : Members.of("type", "target", "path", "value"));
        return type;
    }

    /** Returns a merge patch with all values. A component's section is marked as one, as devices with components expect. Source: IoT Plug and Play conventions. */
    private static ObjectNode patch(List<JsonBody> data, boolean desired) {
        Set<String> paths = new HashSet<>();
        ObjectNode patch = JsonNodeFactory.instance.objectNode();
        for (JsonBody entry : data) {
            List<String> steps = steps(entry);
            @Nullable JsonNode value = entry.copy().get("value");
            if (value == null) {
                throw entry.wrong("value", "the value to set, or null to remove the property");
            }
            if (!desired && Set.of("compute", DeviceDocuments.TAG).contains(steps.getFirst())) {
                throw entry.wrong("path", "another name than " + steps.getFirst() + ", which Muster keeps for itself");
            }
            if (!paths.add(String.join(".", steps))) {
                throw entry.wrong("path", "set once");
            }
            // A property and a part of it can't both be set by one patch: which came last would decide.
            boolean overlaps = steps.size() == 1 ? patch.has(steps.getFirst()) : paths.contains(steps.getFirst());
            if (overlaps) {
                throw entry.wrong("path", "apart from the others: " + steps.getFirst() + " is set as a whole too");
            }
            if (steps.size() == 1) {
                patch.set(steps.getFirst(), value);
            } else {
                ObjectNode component = patch.withObject("/" + steps.getFirst());
                if (desired) {
                    component.put(MARK, "c");
                }
                component.set(steps.getLast(), value);
            }
        }
        return patch;
    }

    private static List<String> steps(JsonBody entry) {
        if (entry.text("target", LONGEST_TARGET).isEmpty()) {
            throw entry.wrong("target", "the id of a device template, and required");
        }
        String path = entry.text("path").orElseThrow(() -> entry.wrong("path", "a name, and required"));
        List<String> steps = List.of(path.split("\\.", -1));
        if (steps.size() > MOST_STEPS
                || !steps.stream().allMatch(step -> STEP.matcher(step).matches())
                || steps.contains(MARK)) {
            throw entry.wrong("path", "a name, or a component's name, a dot and a name");
        }
        return steps;
    }

    /** Returns a call. A component's command has a star between the names. Source: IoT Plug and Play conventions. */
    private static DeviceMethod method(JsonBody entry) {
        return DeviceMethod.newBuilder()
                .setMethodName(String.join("*", steps(entry)))
                .setPayload(entry.member("value").map(JsonNode::toString).orElse("null"))
                .setResponseTimeoutSeconds(RESPONSE_SECONDS)
                .setConnectTimeoutSeconds(0)
                .build();
    }

    private TwinPatch migration(JsonBody entry) {
        String template = entry.text("template")
                .filter(id -> catalog.get(TemplateController.LIST + id).isPresent())
                .orElseThrow(() -> entry.wrong("template", "the id of a device template that is there"));
        ObjectNode tags = JsonNodeFactory.instance.objectNode();
        tags.putObject(DeviceDocuments.TAG).put("template", template);
        return new TwinPatch(null, tags.toString(), null);
    }

    private static @Nullable Batches batches(JsonBody body) {
        return body.object("batch")
                .map(batch -> {
                    batch.rejectOthers(OF_AMOUNT);
                    return isPercentage(batch)
                            ? batches(batch, percentage(batch))
                            : new Batches(whole(batch, 1), 0, 0, 0.0);
                })
                .orElse(null);
    }

    private static Batches batches(JsonBody batch, BigDecimal percentage) {
        if (percentage.signum() == 0) {
            throw batch.wrong("value", "more than 0");
        }
        int whole = percentage.intValue();
        return new Batches(
                0, whole, 0, percentage.subtract(BigDecimal.valueOf(whole)).doubleValue());
    }

    private static @Nullable FailureLimit limit(JsonBody body) {
        Optional<JsonBody> threshold = body.object("cancellationThreshold");
        if (threshold.isEmpty()) {
            return null;
        }
        JsonBody given = threshold.get().rejectOthers(OF_THRESHOLD);
        boolean perBatch = given.flag("batch").orElse(false);
        if (perBatch && !body.has("batch")) {
            throw given.wrong("batch", "false, or missing, in a job without batches");
        }
        return isPercentage(given)
                ? new FailureLimit(null, percentage(given).doubleValue(), perBatch)
                : new FailureLimit((long) whole(given, 0), null, perBatch);
    }

    private static boolean isPercentage(JsonBody amount) {
        return switch (amount.text("type").orElse("")) {
            case "percentage" -> true;
            case "number" -> false;
            default -> throw amount.wrong("type", "number or percentage");
        };
    }

    /** Returns a percentage, which may have a fraction. */
    private static BigDecimal percentage(JsonBody amount) {
        double value = amount.decimal("value").orElse(-1.0);
        if (value < 0 || value > PERCENT) {
            throw amount.wrong("value", "a number from 0 to " + PERCENT);
        }
        return BigDecimal.valueOf(value);
    }

    private static int whole(JsonBody amount, int least) {
        double value = amount.decimal("value").orElse(-1.0);
        if (value != Math.rint(value) || value < least || value > Integer.MAX_VALUE) {
            throw amount.wrong("value", "a whole number from " + least);
        }
        return (int) value;
    }
}
