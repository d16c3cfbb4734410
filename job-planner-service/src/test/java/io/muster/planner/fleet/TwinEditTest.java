package io.muster.planner.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.document.Etags;
import io.muster.planner.json.Json;
import io.muster.records.AuthenticationType;
import io.muster.records.CreateDevice;
import io.muster.records.Credentials;
import io.muster.records.DeviceRefusalReason;
import io.muster.records.DeviceSettings;
import io.muster.records.Twin;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests edits of twins. Contract: iot-hub, 1.5, 4.6 and 5.2. */
class TwinEditTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");

    private static final DeviceSettings SETTINGS = DeviceSettings.newBuilder()
            .setCredentials(
                    Credentials.newBuilder().setType(AuthenticationType.NONE).build())
            .build();

    private static Twin twin(@Nullable String tags, @Nullable String desired) {
        return TwinEdit.born(tags, desired, NOW.minusSeconds(60));
    }

    private static TwinChange edit(TwinEdit.Mode mode, Twin twin, @Nullable String tags, @Nullable String desired) {
        return switch (TwinEdit.parse(mode, null, tags, desired)) {
            case TwinEdit.Parsed.Valid valid -> valid.edit().applyTo(twin, NOW);
            case TwinEdit.Parsed.Invalid invalid -> new TwinChange.Refused(Refusals.of(invalid.fault()));
        };
    }

    private static TwinChange.Changed changed(TwinChange change) {
        assertThat(change).isInstanceOf(TwinChange.Changed.class);
        return (TwinChange.Changed) change;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}              | {\"a\":1}                  | {\"a\":1}",
                "{\"a\":1}       | {\"a\":2}                  | {\"a\":2}",
                "{\"a\":1}       | {\"a\":null}               | {}",
                "{\"a\":1}       | {\"b\":null}               | {\"a\":1}",
                "{\"a\":{\"b\":1}} | {\"a\":{\"c\":2}}        | {\"a\":{\"b\":1,\"c\":2}}",
                "{\"a\":{\"b\":1}} | {\"a\":{\"b\":null}}     | {\"a\":{}}",
                "{\"a\":{\"b\":1}} | {\"a\":7}                | {\"a\":7}",
                "{\"a\":7}       | {\"a\":{\"b\":1}}          | {\"a\":{\"b\":1}}",
                "{\"a\":[1,2]}   | {\"a\":[3]}                | {\"a\":[3]}",
                "{\"a\":1}       | {\"a\":{}}                 | {\"a\":{}}",
                "{\"a\":1}       | {\"a\":{\"x\":null}}       | {\"a\":{}}",
                "{\"a\":1}       | {\"$version\":9,\"b\":1}   | {\"a\":1,\"b\":1}",
            })
    void patches(String before, String patch, String after) throws Exception {
        TwinChange.Changed change = changed(edit(TwinEdit.Mode.PATCH, twin(before, before), patch, patch));
        assertThat(Json.object(change.twin().getTags())).isEqualTo(Json.object(after));
        assertThat(Json.object(change.twin().getDesired())).isEqualTo(Json.object(after));
        Map<String, Object> notified = Json.object(patch);
        notified.remove("$version");
        assertThat(change.notification()).isEqualTo(Json.text(notified));
    }

    @ParameterizedTest
    @EnumSource(TwinEdit.Mode.class)
    void dropsVersionAndMetadataOfTheSender(TwinEdit.Mode mode) {
        String sent = "{\"x\":5,\"$metadata\":{\"$lastUpdated\":\"2020-01-01T00:00:00Z\"},\"$version\":2}";
        TwinChange.Changed change = changed(edit(mode, twin(null, "{\"x\":1}"), sent, sent));
        assertThat(change.notification()).isEqualTo("{\"x\":5}");
        assertThat(change.twin().getDesired()).isEqualTo("{\"x\":5}");
        assertThat(change.twin().getTags()).isEqualTo("{\"x\":5}");
    }

    @ParameterizedTest
    @EnumSource(TwinEdit.Mode.class)
    void clearsASectionThatIsNull(TwinEdit.Mode mode) throws Exception {
        Twin before = twin("{\"t\":1}", "{\"a\":1,\"b\":{\"c\":2}}");
        TwinChange.Changed desired = changed(edit(mode, before, null, "null"));
        assertThat(desired.twin().getDesired()).isEqualTo("{}");
        assertThat(Json.object(desired.twin().getDesiredMetadata()))
                .containsOnlyKeys("$lastUpdated", "$lastUpdatedVersion");
        assertThat(desired.twin().getDesiredVersion()).isEqualTo(2);
        assertThat(desired.twin().getVersion()).isEqualTo(before.getVersion() + 1);
        assertThat(Json.object(Objects.requireNonNull(desired.notification())))
                .containsOnlyKeys("a", "b")
                .containsEntry("a", null)
                .containsEntry("b", null);
        assertThat(desired.twin().getTags()).isEqualTo("{\"t\":1}");

        TwinChange.Changed tags = changed(edit(mode, before, "null", null));
        assertThat(tags.twin().getTags()).isEqualTo("{}");
        assertThat(tags.twin().getDesired()).isEqualTo(before.getDesired());
        assertThat(tags.notification()).isNull();
        assertThat(twin("null", "null").getDesired()).isEqualTo("{}");
    }

    @Test
    void tellsTheDeviceWhichNestedMembersAReplacementRemoves() throws Exception {
        Twin before = twin(null, "{\"a\":{\"x\":1,\"y\":2,\"z\":{\"q\":1}},\"b\":1}");
        TwinChange.Changed change = changed(edit(TwinEdit.Mode.REPLACE, before, null, "{\"a\":{\"x\":9,\"z\":{}}}"));
        assertThat(Json.object(Objects.requireNonNull(change.notification())))
                .isEqualTo(Json.object("{\"a\":{\"x\":9,\"y\":null,\"z\":{\"q\":null}},\"b\":null}"));
        assertThat(change.twin().getDesired()).isEqualTo("{\"a\":{\"x\":9,\"z\":{}}}");
    }

    @Test
    void countsAcceptedChangesEvenToTheSameValue() {
        Twin twin = twin(null, "{\"a\":1}");
        assertThat(twin.getVersion()).isEqualTo(2);
        assertThat(twin.getDesiredVersion()).isEqualTo(1);
        Twin again = changed(edit(TwinEdit.Mode.PATCH, twin, null, "{\"a\":1}")).twin();
        assertThat(again.getVersion()).isEqualTo(3);
        assertThat(again.getDesiredVersion()).isEqualTo(2);
    }

    @Test
    void changesNothingByAnEmptyPatch() {
        assertThat(edit(TwinEdit.Mode.PATCH, twin(null, null), "{}", "{}")).isInstanceOf(TwinChange.Unchanged.class);
        assertThat(edit(TwinEdit.Mode.PATCH, twin(null, null), null, null)).isInstanceOf(TwinChange.Unchanged.class);
    }

    @Test
    void tagsAloneTellTheDeviceNothing() {
        TwinChange.Changed change = changed(edit(TwinEdit.Mode.PATCH, twin(null, null), "{\"a\":1}", "{}"));
        assertThat(change.notification()).isNull();
        assertThat(change.twin().getDesiredVersion()).isEqualTo(1);
    }

    @Test
    void notifiesOfTheWholeSetAndRemovedMembers() throws Exception {
        Twin twin = twin("{\"t\":1}", "{\"a\":1,\"b\":2}");
        TwinChange.Changed change = changed(edit(TwinEdit.Mode.REPLACE, twin, null, "{\"b\":3}"));
        Map<String, Object> notice = Json.object(Objects.requireNonNull(change.notification()));
        assertThat(notice).containsEntry("a", null).containsEntry("b", 3);
        assertThat(change.twin().getTags()).isEqualTo("{\"t\":1}");
        assertThat(changed(edit(TwinEdit.Mode.REPLACE, twin, "{\"x\":1}", "{}"))
                        .twin()
                        .getDesired())
                .isEqualTo("{}");
    }

    @Test
    void givesMetadataTheShapeOfTheSection() throws Exception {
        Twin twin = twin(null, "{\"a\":{\"b\":1},\"c\":[1]}");
        Twin after = changed(edit(TwinEdit.Mode.PATCH, twin, null, "{\"a\":{\"d\":2}}"))
                .twin();
        assertThat(Json.object(after.getDesiredMetadata())).isEqualTo(Json.object("""
                        {"$lastUpdated":"2026-11-21T02:00:00.0000000Z","$lastUpdatedVersion":2,
                         "a":{"$lastUpdated":"2026-11-21T02:00:00.0000000Z","$lastUpdatedVersion":2,
                              "b":{"$lastUpdated":"2026-11-21T01:59:00.0000000Z","$lastUpdatedVersion":1},
                              "d":{"$lastUpdated":"2026-11-21T02:00:00.0000000Z","$lastUpdatedVersion":2}},
                         "c":{"$lastUpdated":"2026-11-21T01:59:00.0000000Z","$lastUpdatedVersion":1}}"""));
    }

    @Test
    void changesNothingForAnotherEtag() {
        Twin twin = twin(null, null);
        TwinEdit stale =
                ((TwinEdit.Parsed.Valid) TwinEdit.parse(TwinEdit.Mode.PATCH, "AAAA", "{\"a\":1}", null)).edit();
        assertThat(stale.applyTo(twin, NOW))
                .isInstanceOfSatisfying(
                        TwinChange.Refused.class,
                        refused -> assertThat(refused.refusal().getReason())
                                .isEqualTo(DeviceRefusalReason.PRECONDITION_FAILED));
        TwinEdit fresh =
                ((TwinEdit.Parsed.Valid) TwinEdit.parse(TwinEdit.Mode.PATCH, Etags.of(twin), "{\"a\":1}", null)).edit();
        assertThat(fresh.applyTo(twin, NOW)).isInstanceOf(TwinChange.Changed.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a.b\":1}",
                "{\"a b\":1}",
                "{\"$a\":1}",
                "{\"a#\":1}",
                "{\"a\\u0001\":1}",
                "{\"a\":[1,null]}",
                "{\"a\":1,\"a\":2}",
                "{\"o\":{\"a\":null,\"a\":2}}",
                "{\"a\":[{\"b\":null}]}",
                "{\"a\":[[{\"b\":null}]]}",
                "{\"o\":{\"l\":[{\"a\":{\"b\":null}}]}}",
                "{\"a\":4503599627370496}",
                "{\"a\":-4503599627370497}",
                "{\"a\":{\"$version\":1}}",
                "[1]",
                "1",
                "{\"a\":1e400}",
                "{\"a\":[-1e400]}",
                "{\"a\":\"\\ud800\"}",
                "{\"\\udc00\":1}",
                "{\"a\":",
                "{} {}"
            })
    void refusesSectionsAgainstTheRules(String patch) {
        assertThat(edit(TwinEdit.Mode.PATCH, twin(null, null), null, patch))
                .isInstanceOfSatisfying(
                        TwinChange.Refused.class,
                        refused -> assertThat(refused.refusal().getReason()).isEqualTo(DeviceRefusalReason.INVALID));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":4503599627370495}",
                "{\"a\":-4503599627370496}",
                "{\"a\":1.5e300}",
                "{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":{\"7\":{\"8\":{\"9\":{\"10\":1}}}}}}}}}}",
                "{\"été\":\"ü\"}",
                "{\"\":{\"k\":1}}"
            })
    void takesSectionsWithinTheRules(String patch) {
        changed(edit(TwinEdit.Mode.PATCH, twin(null, null), null, patch));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"o\":{\"l\":[0,{\"bad#key\":1}]}} | the name o.l[1].bad#key in the desired properties",
                "{\"a\":{\"big\":4503599627370496}}   | The integer a.big in",
                "{\"l\":[1,null]}                     | The value l[1] in",
                "{\"m\":[[1,{\"k\":{\"n\":null}}]]}     | The value m[0][1].k.n in",
            })
    void namesThePlaceOfAFault(String patch, String place) {
        assertThat(edit(TwinEdit.Mode.PATCH, twin(null, null), null, patch))
                .isInstanceOfSatisfying(
                        TwinChange.Refused.class,
                        refused -> assertThat(refused.refusal().getMessage()).contains(place));
    }

    @Test
    void refusesGrowthBeyondTheLimitOnly() {
        String kilobyte = "x".repeat(4000);
        StringBuilder big = new StringBuilder("{");
        for (int i = 0; i < 9; i++) {
            big.append(i == 0 ? "" : ",")
                    .append("\"k")
                    .append(i)
                    .append("\":\"")
                    .append(kilobyte)
                    .append('"');
        }
        TwinChange refused = edit(
                TwinEdit.Mode.PATCH, twin(null, null), null, big.append('}').toString());
        assertThat(refused)
                .isInstanceOfSatisfying(
                        TwinChange.Refused.class,
                        change -> assertThat(change.refusal().getReason()).isEqualTo(DeviceRefusalReason.TOO_LARGE));
    }

    /** Bounds text that does not count for the size of a section. */
    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "[]", "{}", "\"\\u0001\""})
    void boundsTextThatDoesNotCount(String nothing) {
        String patch = "{\"a\":[" + (nothing + ",").repeat(70_000) + nothing + "]}";
        Twin twin = twin(null, null);
        for (TwinChange change : List.of(
                edit(TwinEdit.Mode.PATCH, twin, null, patch),
                edit(TwinEdit.Mode.PATCH, twin, patch, null),
                TwinEdit.report(twin, patch, null, NOW))) {
            assertThat(change)
                    .isInstanceOfSatisfying(
                            TwinChange.Refused.class,
                            refused ->
                                    assertThat(refused.refusal().getReason()).isEqualTo(DeviceRefusalReason.TOO_LARGE));
        }
        for (CreateDevice command :
                List.of(new CreateDevice(SETTINGS, patch, null), new CreateDevice(SETTINGS, null, patch))) {
            assertThat(Identities.create(null, "d", command, NOW))
                    .isInstanceOfSatisfying(
                            IdentityChange.Refused.class,
                            refused ->
                                    assertThat(refused.refusal().getReason()).isEqualTo(DeviceRefusalReason.TOO_LARGE));
        }
    }

    /** Weighs a section that a reader sends back as it was given, with the metadata that the hub has written, without these. */
    @ParameterizedTest
    @EnumSource(TwinEdit.Mode.class)
    void weighsASectionWithoutTheMetadataOfTheSender(TwinEdit.Mode mode) {
        String members =
                IntStream.range(0, 1000).mapToObj(i -> "\"p" + i + "\":" + i).collect(Collectors.joining(","));
        Twin before = twin(null, "{" + members + "}");
        String read = "{" + members.replace("\"p7\":7,", "\"p7\":8,") + ",\"$metadata\":" + before.getDesiredMetadata()
                + ",\"$version\":1}";
        TwinChange.Changed change = changed(edit(mode, before, null, read));
        assertThat(change.twin().getDesired()).contains("\"p7\":8,");
        assertThat(Identities.create(null, "d", new CreateDevice(SETTINGS, null, read), NOW))
                .isInstanceOf(IdentityChange.Changed.class);
    }

    @Test
    void countsReportedChangesByTheirOwnVersion() {
        Twin twin = twin(null, null);
        Twin after = changed(TwinEdit.report(twin, "{\"on\":true}", null, NOW)).twin();
        assertThat(after.getReportedVersion()).isEqualTo(2);
        assertThat(after.getVersion()).isEqualTo(twin.getVersion());
        assertThat(TwinEdit.report(after, "{\"on\":true}", 1L, NOW)).isInstanceOf(TwinChange.Refused.class);
        assertThat(TwinEdit.report(after, "{\"on\":true}", 2L, NOW)).isInstanceOf(TwinChange.Changed.class);
    }

    /** Counts objects below the section. Source: field case 6. */
    @ParameterizedTest
    @CsvSource({"{\"o\":, }", "[{\"o\":, }]"})
    void takesTenLevelsBelowTheSectionAndNotEleven(String open, String close) {
        String ten = "{\"a\":" + open.repeat(10) + "[1]" + close.repeat(10) + "}";
        String eleven = "{\"a\":" + open.repeat(11) + "1" + close.repeat(11) + "}";
        for (TwinEdit.Mode mode : TwinEdit.Mode.values()) {
            changed(edit(mode, twin(null, null), ten, ten));
            assertThat(TwinEdit.parse(mode, null, eleven, null)).isInstanceOf(TwinEdit.Parsed.Invalid.class);
            assertThat(TwinEdit.parse(mode, null, null, eleven)).isInstanceOf(TwinEdit.Parsed.Invalid.class);
        }
    }
}
