package io.muster.planner.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.muster.document.Etags;
import io.muster.records.ApiToken;
import io.muster.records.CatalogEvent;
import io.muster.records.CatalogItem;
import io.muster.records.CatalogRefusalReason;
import io.muster.records.CatalogRefused;
import io.muster.records.DeleteCatalogItem;
import io.muster.records.DeviceGroup;
import io.muster.records.DeviceTemplate;
import io.muster.records.SaveCatalogItem;
import io.muster.records.TokenRole;
import io.muster.service.decider.Decision;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CatalogDeciderTest {
    private static final String ID = "deviceGroups/lyon";
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
    private @Nullable CatalogItem item;
    private Instant now = NOW;

    private static SaveCatalogItem.Builder save(Object content) {
        return SaveCatalogItem.newBuilder().setContent(content).setSource("{}");
    }

    private static SaveCatalogItem.Builder group(String condition) {
        return save(new DeviceGroup("SELECT * FROM devices", condition, List.of()));
    }

    private @Nullable Object decide(Object command) {
        return decide(ID, command);
    }

    /** Returns the reason of a refusal; null where the command has changed the item. */
    private @Nullable Object decide(String id, Object command) {
        Decision<CatalogEvent> decision = command instanceof SaveCatalogItem save
                ? CatalogDecider.decide(id, item, save, now)
                : CatalogDecider.decide(id, item, (DeleteCatalogItem) command, now);
        return switch (decision) {
            case Decision.Refused<CatalogEvent> refused -> ((CatalogRefused) refused.refusal()).getReason();
            case Decision.Happened<CatalogEvent> happened -> {
                item = CatalogDecider.evolve(item, happened.event());
                yield null;
            }
            case Decision.Nothing<CatalogEvent> _ -> "nothing";
        };
    }

    @Test
    void changesTheVersionThatACommandNamesOrNothing() {
        assertThat(decide(new DeleteCatalogItem(null))).isEqualTo(CatalogRefusalReason.NOT_FOUND);
        assertThat(decide(group("*").setIfMatch("*").build())).isEqualTo(CatalogRefusalReason.PRECONDITION_FAILED);
        assertThat(decide(group("*").build())).isNull();
        String first = Etags.of(item);
        assertThat(decide(group("*").setMustBeNew(true).build())).isEqualTo(CatalogRefusalReason.ALREADY_EXISTS);
        now = now.plusSeconds(1);
        assertThat(decide(group("tags.a = 1").setIfMatch(first).build())).isNull();
        assertThat(item.getRevision()).isEqualTo(2);
        assertThat(item.getCreatedAt()).isEqualTo(NOW);
        assertThat(item.getUpdatedAt()).isEqualTo(now);
        // Who read the first version loses to who changed it.
        assertThat(decide(group("tags.b = 1").setIfMatch(first).build()))
                .isEqualTo(CatalogRefusalReason.PRECONDITION_FAILED);
        assertThat(decide(new DeleteCatalogItem(first))).isEqualTo(CatalogRefusalReason.PRECONDITION_FAILED);
        assertThat(((DeviceGroup) item.getContent()).getCondition()).isEqualTo("tags.a = 1");
        assertThat(decide(new DeleteCatalogItem("*"))).isNull();
        assertThat(item).isNull();
        // Made anew it is another, though its first version is 1 again.
        assertThat(decide(group("*").build())).isNull();
        assertThat(Etags.of(item)).isNotEqualTo(first);
    }

    @ParameterizedTest
    @CsvSource({
        "deviceGroups/lyon, true",
        "deviceTemplates/dtmi:fridge:v3;1, true",
        "apiTokens/a_b-C, true",
        "deviceGroups/, false",
        "deviceGroups/a/b, false",
        "jobs/a, false",
        "deviceGroups/é, false"
    })
    void takesIdsOfItsLists(String id, boolean taken) {
        assertThat(decide(id, save(new DeviceTemplate()).build()))
                .isEqualTo(taken ? null : CatalogRefusalReason.INVALID);
    }

    @Test
    void refusesWhatNobodyCouldUse() {
        assertThat(decide(group("tags.a = ").build())).isEqualTo(CatalogRefusalReason.INVALID);
        assertThat(decide(save(new ApiToken(TokenRole.READ, "secret", NOW)).build()))
                .isEqualTo(CatalogRefusalReason.INVALID);
        assertThat(decide(
                        save(new ApiToken(TokenRole.READ, "ab".repeat(32), NOW)).build()))
                .isNull();
    }
}
