package io.muster.api.surface.batch;

import io.muster.api.json.JsonBody;
import io.muster.api.json.Members;
import io.muster.records.BatchTaskDefinition;
import io.muster.records.DependencyAction;
import io.muster.records.ExitCodeRange;
import io.muster.records.ExitConditions;
import io.muster.records.ExitOptions;
import io.muster.records.JobAction;
import io.muster.records.MultiInstance;
import io.muster.records.NameValue;
import io.muster.records.ResourceFile;
import io.muster.records.TaskConstraints;
import io.muster.records.TaskIdRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads tasks from documents. Contract: batch, 3.2, 3.3. */
final class TaskReader {
    static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    static final String ID_RULE = "Give 1 to 64 letters, digits, - and _.";

    private static final int MOST_SLOTS = 256;
    private static final Map<String, String> NONE = Map.of();
    private static final Members TASK = Members.of(
            "id",
            "displayName",
            "commandLine",
            "exitConditions",
            "resourceFiles",
            "environmentSettings",
            "affinityInfo",
            "constraints",
            "requiredSlots",
            "userIdentity",
            "multiInstanceSettings",
            "dependsOn");
    /** Says of members of tasks why they are not honoured. */
    private static final Map<String, String> MISSING = Map.of(
            "containerSettings",
            "Tasks run as processes of the node, not in containers.",
            "outputFiles",
            "Output files are not uploaded: read them over files, or have the task upload them.",
            "applicationPackageReferences",
            "Application packages are not kept here: give resourceFiles.",
            "authenticationTokenSettings",
            "Tasks get no token of the account.");

    private TaskReader() {}

    /** Returns the task of a document. @throws io.muster.api.json.ProblemException where it holds what can't be honoured */
    static BatchTaskDefinition task(Part part) {
        return definition(part.only(TASK, MISSING));
    }

    /** Returns the task of the members that tasks of users and of jobs have in common. */
    static BatchTaskDefinition definition(Part part) {
        BatchTaskDefinition.Builder task = BatchTaskDefinition.newBuilder()
                .setTaskId(id(part))
                .setDisplayName(part.text("displayName"))
                .setCommandLine(part.needed("commandLine"))
                .setEnvironment(pairs(part, "environmentSettings"))
                .setFiles(files(part, "resourceFiles"))
                .setConstraints(constraints(part))
                .setRequiredSlots(part.number("requiredSlots", 1, MOST_SLOTS).orElse(1))
                .setAffinity(part.object("affinityInfo")
                        .map(affinity ->
                                affinity.only(Members.of("affinityId"), NONE).needed("affinityId"))
                        .orElse(null))
                .setExitConditions(part.object("exitConditions")
                        .map(TaskReader::conditions)
                        .orElse(null))
                .setMultiInstance(part.object("multiInstanceSettings")
                        .map(TaskReader::multiInstance)
                        .orElse(null));
        part.object("userIdentity").ifPresent(TaskReader::checkUser);
        part.object("dependsOn").ifPresent(depends -> depend(depends, task));
        return task.build();
    }

    static String id(Part part) {
        String id = part.needed("id");
        if (!ID.matcher(id).matches()) {
            throw part.wrong("id", ID_RULE);
        }
        return id;
    }

    /** Accepts the node's own user, and no other. */
    private static void checkUser(Part user) {
        user.only(Members.of("autoUser"), Map.of("username", "Tasks run as the user of the node's program."));
        user.object("autoUser").ifPresent(auto -> {
            auto.only(Members.of("scope", "elevationLevel"), NONE);
            if (!"nonadmin".equalsIgnoreCase(auto.body().text("elevationLevel").orElse("nonadmin"))) {
                throw auto.wrong(
                        "elevationLevel", "Tasks run as the user of the node's program, who is no administrator.");
            }
            if (!"pool".equalsIgnoreCase(auto.body().text("scope").orElse("pool"))) {
                throw auto.wrong("scope", "Tasks of a node run as one user.");
            }
        });
    }

    private static void depend(Part depends, BatchTaskDefinition.Builder task) {
        depends.only(Members.of("taskIds", "taskIdRanges"), NONE);
        List<TaskIdRange> ranges = new ArrayList<>();
        for (Part range : depends.objects("taskIdRanges")) {
            range.only(Members.of("start", "end"), NONE);
            int start = range.number("start", 0, Integer.MAX_VALUE)
                    .orElseThrow(() -> range.wrong("start", "A range has a start."));
            int end = range.number("end", 0, Integer.MAX_VALUE)
                    .orElseThrow(() -> range.wrong("end", "A range has an end."));
            if (end < start) {
                throw range.wrong("end", "A range ends at its start or behind it.");
            }
            ranges.add(new TaskIdRange((long) start, (long) end));
        }
        task.setDependsOn(depends.body().texts("taskIds")).setDependsOnRanges(ranges);
    }

    static TaskConstraints constraints(Part parent) {
        Part part = parent.object("constraints").orElse(null);
        if (part == null) {
            return TaskConstraints.newBuilder().build();
        }
        part.only(Members.of("maxWallClockTime", "retentionTime", "maxTaskRetryCount"), NONE);
        return TaskConstraints.newBuilder()
                .setMaxRetries(
                        part.number("maxTaskRetryCount", -1, Integer.MAX_VALUE).orElse(null))
                .setWallClockMillis(limited(part.duration("maxWallClockTime").orElse(null)))
                .setRetentionMillis(part.duration("retentionTime")
                        .map(millis -> millis < 0 ? (Long) Long.MAX_VALUE : millis)
                        .orElse(null))
                .build();
    }

    /** Returns a limit as records have it: null for none. */
    static @Nullable Long limited(@Nullable Long millis) {
        return millis == null || millis < 0 ? null : millis;
    }

    static List<NameValue> pairs(Part part, String name) {
        return part.objects(name).stream()
                .map(pair -> {
                    pair.only(Members.of("name", "value"), NONE);
                    return new NameValue(
                            pair.needed("name"), pair.body().text("value").orElse(""));
                })
                .toList();
    }

    private static List<ResourceFile> files(Part part, String name) {
        String own = "Give httpUrl: files come from URLs.";
        Map<String, String> missing = Map.of(
                "autoStorageContainerName", own,
                "storageContainerUrl", own,
                "blobPrefix", own,
                "identityReference", "URLs are fetched without an identity.");
        return part.objects(name).stream()
                .map(file -> {
                    file.only(Members.of("httpUrl", "filePath", "fileMode"), missing);
                    return ResourceFile.newBuilder()
                            .setUrl(file.needed("httpUrl"))
                            .setPath(file.needed("filePath"))
                            .setMode(file.text("fileMode"))
                            .build();
                })
                .toList();
    }

    private static MultiInstance multiInstance(Part part) {
        part.only(Members.of("numberOfInstances", "coordinationCommandLine", "commonResourceFiles"), NONE);
        return MultiInstance.newBuilder()
                .setInstances(
                        part.number("numberOfInstances", 1, Integer.MAX_VALUE).orElse(1))
                .setCoordinationCommandLine(part.needed("coordinationCommandLine"))
                .setCommonFiles(files(part, "commonResourceFiles"))
                .build();
    }

    private static ExitConditions conditions(Part part) {
        part.only(Members.of("exitCodes", "exitCodeRanges", "preProcessingError", "fileUploadError", "default"), NONE);
        List<ExitCodeRange> codes = new ArrayList<>();
        for (Part one : part.objects("exitCodes")) {
            one.only(Members.of("code", "exitOptions"), NONE);
            int code = code(one, "code");
            codes.add(new ExitCodeRange(code, code, neededOptions(one)));
        }
        for (Part range : part.objects("exitCodeRanges")) {
            range.only(Members.of("start", "end", "exitOptions"), NONE);
            int start = code(range, "start");
            int end = code(range, "end");
            if (end < start) {
                throw range.wrong("end", "A range ends at its start or behind it.");
            }
            codes.add(new ExitCodeRange(start, end, neededOptions(range)));
        }
        return ExitConditions.newBuilder()
                .setCodes(codes)
                .setPreProcessingError(options(part, "preProcessingError"))
                .setFileUploadError(options(part, "fileUploadError"))
                .setOtherwise(options(part, "default"))
                .build();
    }

    private static int code(Part part, String name) {
        return part.body().number(name).orElseThrow(() -> part.wrong(name, "Give an exit code."));
    }

    private static ExitOptions neededOptions(Part part) {
        @Nullable ExitOptions options = options(part, "exitOptions");
        if (options == null) {
            throw part.wrong("exitOptions", "Say what follows: jobAction or dependencyAction.");
        }
        return options;
    }

    private static @Nullable ExitOptions options(Part parent, String name) {
        return parent.object(name)
                .map(part -> {
                    part.only(Members.of("jobAction", "dependencyAction"), NONE);
                    return ExitOptions.newBuilder()
                            .setJobAction(
                                    part.word("jobAction", JobAction.class).orElse(null))
                            .setDependencyAction(part.word("dependencyAction", DependencyAction.class)
                                    .orElse(null))
                            .build();
                })
                .orElse(null);
    }

    /** Returns the task of a body. */
    static BatchTaskDefinition task(JsonBody body) {
        return task(Part.of(body));
    }
}
