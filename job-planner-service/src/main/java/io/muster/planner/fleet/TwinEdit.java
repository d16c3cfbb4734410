package io.muster.planner.fleet;

import io.muster.document.Etags;
import io.muster.document.Timestamps;
import io.muster.planner.json.Json;
import io.muster.planner.json.MalformedJsonException;
import io.muster.planner.request.Fault;
import io.muster.records.Twin;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Changes tags and desired properties: parsed and checked once, and applied to as many twins as need be. A section is a JSON object
 * as text, the text {@code null} to clear it, or absent to leave it alone; {@code $version} and {@code $metadata} of its sender are
 * dropped. Contract: iot-hub, 1.5, 5.2 and 8. Immutable: applying it copies what it adds.
 */
public final class TwinEdit {
    /** Says whether sections are merged or replaced. */
    public enum Mode {
        PATCH,
        REPLACE
    }

    private static final String CLEAR = "null";

    private final Mode mode;
    private final @Nullable String ifMatch;
    /** Holds the section without members that are read only. */
    private final @Nullable String tags;

    private final @Nullable String desired;

    /** Is a parsed edit, or its fault. */
    public sealed interface Parsed {
        record Valid(TwinEdit edit) implements Parsed {}

        record Invalid(Fault fault) implements Parsed {}
    }

    private TwinEdit(Mode mode, @Nullable String ifMatch, @Nullable String tags, @Nullable String desired) {
        this.mode = mode;
        this.ifMatch = ifMatch;
        this.tags = cleaned(mode, tags);
        this.desired = cleaned(mode, desired);
    }

    /** Returns what is to be merged or set; null where a patch of no members leaves the section alone. */
    private static @Nullable String cleaned(Mode mode, @Nullable String section) {
        if (section == null || section.equals(CLEAR)) {
            return section;
        }
        Map<String, Object> members = Json.stored(section);
        members.keySet().removeIf(Section::isReadOnly);
        return mode == Mode.PATCH && members.isEmpty() ? null : Json.text(members);
    }

    /** Returns the members that a section sets. */
    private static Map<String, Object> members(@Nullable String section) {
        return section == null || section.equals(CLEAR) ? new LinkedHashMap<>() : Json.stored(section);
    }

    /** Checks everything that does not depend on the twin. */
    public static Parsed parse(Mode mode, @Nullable String ifMatch, @Nullable String tags, @Nullable String desired) {
        Optional<Fault> fault = fault(Section.TAGS, tags).or(() -> fault(Section.DESIRED, desired));
        return fault.<Parsed>map(Parsed.Invalid::new)
                .orElseGet(() -> new Parsed.Valid(new TwinEdit(mode, ifMatch, tags, desired)));
    }

    /** Finds fault with sections that are too large for a new twin. The sender's metadata of sections is dropped before they are weighed. */
    Optional<Fault> tooLargeForNew() {
        return tooLarge(Section.TAGS, tags).or(() -> tooLarge(Section.DESIRED, desired));
    }

    /** Returns the twin of a new device, with these sections. */
    static Twin born(@Nullable String tags, @Nullable String desired, Instant now) {
        Map<String, Object> stamp = new LinkedHashMap<>();
        stamp.put(MergePatch.LAST_UPDATED, Timestamps.text(now));
        String reportedMetadata = Json.text(stamp);
        Map<String, Object> section = new LinkedHashMap<>();
        Map<String, Object> metadata = new LinkedHashMap<>();
        new MergePatch(Timestamps.text(now), 1L).merge(section, metadata, members(desired));
        Map<String, Object> ownTags = new LinkedHashMap<>();
        MergePatch.merge(ownTags, members(tags));
        return Twin.newBuilder()
                .setTags(Json.text(ownTags))
                .setDesired(Json.text(section))
                .setDesiredMetadata(Json.text(metadata))
                .setReported("{}")
                .setReportedMetadata(reportedMetadata)
                .build();
    }

    public TwinChange applyTo(Twin twin, Instant now) {
        if (!Etags.matches(ifMatch, Etags.of(twin))) {
            return new TwinChange.Refused(Refusals.etagDiffers());
        }
        return switch (mode) {
            case PATCH -> patch(twin, now);
            case REPLACE -> replace(twin, now);
        };
    }

    private TwinChange patch(Twin twin, Instant now) {
        if (tags == null && desired == null) {
            return new TwinChange.Unchanged(twin);
        }
        Twin.Builder changed = Twin.newBuilder(twin).setVersion(twin.getVersion() + 1);
        @Nullable String notification = null;
        if (tags != null) {
            Map<String, Object> section = Json.stored(twin.getTags());
            int before = Section.size(section);
            if (tags.equals(CLEAR)) {
                section.clear();
            }
            MergePatch.merge(section, members(tags));
            String text = Json.text(section);
            Optional<Fault> tooLarge = tooLarge(Section.TAGS, before, section, text);
            if (tooLarge.isPresent()) {
                return new TwinChange.Refused(Refusals.of(tooLarge.get()));
            }
            changed.setTags(text);
        }
        if (desired != null) {
            Map<String, Object> section = Json.stored(twin.getDesired());
            Map<String, Object> metadata = Json.stored(twin.getDesiredMetadata());
            int before = Section.size(section);
            long version = twin.getDesiredVersion() + 1;
            notification = desired;
            if (desired.equals(CLEAR)) {
                notification = Json.text(notice(section, Map.of()));
                section.clear();
                metadata.clear();
            }
            new MergePatch(Timestamps.text(now), version).merge(section, metadata, members(desired));
            String text = Json.text(section);
            Optional<Fault> tooLarge = tooLarge(Section.DESIRED, before, section, text);
            if (tooLarge.isPresent()) {
                return new TwinChange.Refused(Refusals.of(tooLarge.get()));
            }
            changed.setDesired(text).setDesiredMetadata(Json.text(metadata)).setDesiredVersion(version);
        }
        return new TwinChange.Changed(changed.build(), notification);
    }

    private TwinChange replace(Twin twin, Instant now) {
        if (tags == null && desired == null) {
            return new TwinChange.Unchanged(twin);
        }
        Twin.Builder changed = Twin.newBuilder(twin).setVersion(twin.getVersion() + 1);
        @Nullable String notification = null;
        if (tags != null) {
            Map<String, Object> section = new LinkedHashMap<>();
            MergePatch.merge(section, members(tags));
            String text = Json.text(section);
            Optional<Fault> tooLarge = tooLarge(Section.TAGS, Section.size(Json.stored(twin.getTags())), section, text);
            if (tooLarge.isPresent()) {
                return new TwinChange.Refused(Refusals.of(tooLarge.get()));
            }
            changed.setTags(text);
        }
        if (desired != null) {
            Map<String, Object> before = Json.stored(twin.getDesired());
            Map<String, Object> section = new LinkedHashMap<>();
            Map<String, Object> metadata = new LinkedHashMap<>();
            long version = twin.getDesiredVersion() + 1;
            new MergePatch(Timestamps.text(now), version).merge(section, metadata, members(desired));
            String text = Json.text(section);
            Optional<Fault> tooLarge = tooLarge(Section.DESIRED, Section.size(before), section, text);
            if (tooLarge.isPresent()) {
                return new TwinChange.Refused(Refusals.of(tooLarge.get()));
            }
            changed.setDesired(text).setDesiredMetadata(Json.text(metadata)).setDesiredVersion(version);
            notification = Json.text(notice(before, section));
        }
        return new TwinChange.Changed(changed.build(), notification);
    }

    /** Returns the whole new set, with null for each member that vanished, at any depth. Contract: iot-hub, 4.6. */
    private static Map<String, @Nullable Object> notice(Map<?, ?> before, Map<?, ?> after) {
        Map<String, @Nullable Object> notice = new LinkedHashMap<>();
        before.forEach((name, _) -> notice.put((String) name, null));
        after.forEach((name, value) -> notice.put(
                (String) name,
                value instanceof Map<?, ?> newer && before.get(name) instanceof Map<?, ?> older
                        ? notice(older, newer)
                        : value));
        return notice;
    }

    /** Applies what a device reports of itself. The patch is JSON text. */
    public static TwinChange report(Twin twin, String patch, @Nullable Long expectedVersion, Instant now) {
        if (expectedVersion != null && expectedVersion != twin.getReportedVersion()) {
            return new TwinChange.Refused(Refusals.versionDiffers(expectedVersion, twin.getReportedVersion()));
        }
        Optional<Fault> fault = fault(Section.REPORTED, patch);
        if (fault.isPresent()) {
            return new TwinChange.Refused(Refusals.of(fault.get()));
        }
        Map<String, Object> section = Json.stored(twin.getReported());
        Map<String, Object> metadata = Json.stored(twin.getReportedMetadata());
        int before = Section.size(section);
        new MergePatch(Timestamps.text(now), null).merge(section, metadata, Json.stored(patch));
        String text = Json.text(section);
        Optional<Fault> tooLarge = tooLarge(Section.REPORTED, before, section, text);
        if (tooLarge.isPresent()) {
            return new TwinChange.Refused(Refusals.of(tooLarge.get()));
        }
        return new TwinChange.Changed(
                Twin.newBuilder(twin)
                        .setReported(text)
                        .setReportedMetadata(Json.text(metadata))
                        .setReportedVersion(twin.getReportedVersion() + 1)
                        .build(),
                null);
    }

    private static Optional<Fault> fault(Section section, @Nullable String text) {
        if (text == null || (text.equals(CLEAR) && section != Section.REPORTED)) {
            return Optional.empty();
        }
        try {
            return section.fault(Json.object(text)).map(Fault::invalid);
        } catch (MalformedJsonException e) {
            return Optional.of(Fault.invalid("The " + section.words() + " can't be read: " + e.getMessage() + "."));
        }
    }

    /**
     * Returns the fault of a section that a change makes too large; one that was too large before may shrink.
     *
     * @param text of the section; characters that do not count, as punctuation and empty texts, are bounded too
     */
    private static Optional<Fault> tooLarge(Section section, int before, Map<String, Object> after, String text) {
        int size = Section.size(after);
        if (size > section.sizeLimit() && size > before) {
            return Optional.of(Fault.tooLarge(
                    "The " + section.words() + " would hold " + size + " bytes, " + section.sizeLimit() + " at most."));
        }
        return text.length() > Section.LONGEST_TEXT
                ? Optional.of(Fault.tooLarge("The " + section.words() + " would be JSON of " + text.length()
                        + " characters, " + Section.LONGEST_TEXT + " at most."))
                : Optional.empty();
    }

    private static Optional<Fault> tooLarge(Section section, @Nullable String text) {
        Map<String, Object> members = members(text);
        return tooLarge(section, 0, members, Json.text(members));
    }
}
